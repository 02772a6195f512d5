"""The whole replay over loopback, against a toy window: a faithful one is cleared, a broken one caught."""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from nsw_benchmarks.bulk_door import SubmissionError
from nsw_benchmarks.businesses import hears_everything
from nsw_benchmarks.replay import ReplayOptions, ReplayResult, replay
from nsw_benchmarks.stories import FEE, NAMES, story
from nsw_benchmarks.table import result_table
from rich.console import Console

DOSSIERS = 600

Run = Callable[..., Any]


@pytest.fixture
def run(window, agencies, businesses) -> Run:
    async def run(**changes: Any) -> ReplayResult:
        options = ReplayOptions(
            **{
                "services": {"intake": window.url, "notifier": window.url},
                "agencies_url": agencies,
                "businesses_url": businesses,
                "dossiers": DOSSIERS,
                "businesses": 300,
                "pids": {"toy": os.getpid(), "gone": 2**22 + 1},
                "run_id": "test",
                "stall_seconds": 2.0,
            }
            | changes
        )
        return await replay(options, lambda _phase, _done, _total: None)

    return run


@pytest.mark.parametrize("mix", ["plain", "full"])
async def test_a_faithful_window_is_cleared(run, window, mix) -> None:
    result = await run(mix=mix)
    assert result.examples == ()
    assert result.dossiers == DOSSIERS
    assert result.facts == 2 * window.facts  # two services, one and the same here
    assert result.figures() | {
        "seconds": 0,
        "dossiers_per_second": 0,
        "latency_ms": 0,
        "latency_all_ms": 0,
        "peak_rss_mb": 0,
        "cpu_seconds": 0,
        "commands": 0,
        "by_agency": 0,
    } == {
        "mix": mix,
        "dossiers": DOSSIERS,
        "seconds": 0,
        "dossiers_per_second": 0,
        "facts": result.facts,
        "lost": 0,
        "repeated": 0,
        "out_of_order": 0,
        "latency_ms": 0,
        "latency_all_ms": 0,
        "peak_rss_mb": 0,
        "cpu_seconds": 0,
        "wire_repeats": 0,
        "unexpected": 0,
        "bad_signatures": 0,
        "commands": 0,
        "by_agency": 0,
    }
    assert 0 <= result.latency_ms["p50"] <= result.latency_ms["p99"] <= result.seconds * 1000
    assert result.dossiers_per_second == pytest.approx(DOSSIERS / result.seconds, rel=0.01)
    assert result.peak_rss_mb["toy"] > 1
    assert result.peak_rss_mb["gone"] is None
    toy = result.cpu_seconds["toy"]
    assert toy is not None
    assert toy > 0
    assert result.cpu_seconds["gone"] is None
    assert sum(sum(stories.values()) for stories in result.by_agency.values()) == DOSSIERS


async def test_each_dossier_goes_as_its_story_says(run, window) -> None:
    result = await run(dossiers=2000)
    assert result.examples == ()
    assert len(result.by_agency) == 13
    assert {name for stories in result.by_agency.values() for name in stories} == set(NAMES)
    for case in window.cases.values():
        assert case.status == story(case.number, case.dossier["declarant"]["tax_code"], "full").ends
    filed = {command: sum(line["command"] == command for line in window.commands) for command in result.commands}
    assert result.commands == filed
    assert set(filed) == {"supplement", "amendment", "withdrawal", "payment"}


async def test_businesses_ask_rightly(run, window) -> None:
    await run(dossiers=2000)
    for line in window.commands:
        first = window.cases[line["number"]].dossier
        told = story(line["number"], first["declarant"]["tax_code"], "full")
        body = line["body"]
        assert ("in_answer_to" in body) is (told.trigger is not None)
        if told.trigger is not None and told.trigger.status == "accepted":
            assert hears_everything(first["declarant"]["tax_code"])
        match line["command"]:
            case "supplement" | "amendment":
                again = body["dossier"]
                assert again.pop("form").pop("purpose") != first["form"]["purpose"]
                assert json.dumps(again) == json.dumps({name: first[name] for name in again})
                assert ("note" if line["command"] == "supplement" else "reason") in body
            case "payment":
                assert (body["amount"], body["currency"]) == FEE
            case "withdrawal":
                assert set(body) <= {"reason", "in_answer_to"}


async def test_its_result_prints(run) -> None:
    result = await run(dossiers=200)
    console = Console(record=True, width=100)
    console.print(result_table(result))
    text = console.export_text()
    assert "out of order" in text
    assert "BGTVT" in text
    assert "payments filed afterwards" in text


async def test_retries_end_with_one_receipt_each(run, window) -> None:
    window.refuse_requests, window.hang_up_requests, window.put_off_lines = 2, 2, 3
    result = await run()
    assert result.dossiers == len(window.cases) == DOSSIERS
    assert len(window.receipts) == DOSSIERS + sum(result.commands.values())
    assert (result.lost, result.repeated, result.unexpected) == (0, 0, 0)


async def test_a_paced_run_takes_its_time(run) -> None:
    result = await run(dossiers=100, rate=200.0)
    assert result.seconds >= 90 / 200
    assert result.lost == 0


@pytest.mark.parametrize("promise", ["lost", "repeated", "out_of_order"])
async def test_a_broken_promise_is_caught(run, window, promise: str) -> None:
    window.breaks = promise
    result = await run()
    broken = {name: getattr(result, name) for name in ("lost", "repeated", "out_of_order", "unexpected")}
    assert broken.pop(promise) > 0
    assert not any(broken.values())
    assert result.examples[0].startswith(promise)


async def test_webhooks_badly_signed_are_counted_and_have_no_effect(run, window) -> None:
    window.breaks = "unsigned"
    result = await run()
    assert result.bad_signatures > 0
    assert result.lost > 0
    assert result.unexpected == 0


async def test_copies_on_the_wire_break_no_promise(run, window) -> None:
    window.breaks = "wire"
    result = await run()
    assert result.wire_repeats > 0
    assert (result.lost, result.repeated, result.out_of_order, result.unexpected) == (0, 0, 0, 0)


async def test_it_gives_up_on_a_window_that_gives_no_receipts(run, window) -> None:
    window.refuse_requests = 10**9
    with pytest.raises(SubmissionError, match="answers 503; no receipt for 1 s"):
        await run(stall_seconds=0.6)
