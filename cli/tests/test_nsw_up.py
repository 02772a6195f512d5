"""The command against a running window."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from nsw_command import Nsw, eventually
from nsw_contracts.events import ACCEPTED
from nsw_local import state

NUMBER = "260000000017"
AT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def figures(nsw: Nsw) -> dict[str, Any]:
    """A small replay's figures."""
    return json.loads(nsw("replay", "--dossiers", "40", "--seed", "7", "--json").splitlines()[-1])


def execute(nsw: Nsw, service: str, statement: str, *arguments: Any) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(
            state(nsw.folder).urls["database"], server_settings={"search_path": service.replace("-", "_")}
        )
        try:
            await connection.execute(statement, *arguments)
        finally:
            await connection.close()

    asyncio.run(run())


def test_everything_is_ready(nsw: Nsw) -> None:
    found = nsw.json("status")
    assert found["ready"]
    ready = {process["name"]: process["ready"] for process in found["processes"]}
    assert [name for name, is_ready in ready.items() if is_ready] == [
        "intake",
        "routing",
        "ministry-adapter",
        "notifier",
    ]
    password = urlsplit(state(nsw.folder).urls["database"]).password
    assert password not in json.dumps(found)
    assert "already running" in nsw("up", code=2)


def test_the_doctor_finds_it_well(nsw: Nsw) -> None:
    found = nsw.json("doctor")
    assert found["ok"], found
    assert {"postgres", "kafka", "intake", "routing", "ministry-adapter", "notifier"} <= {
        check["check"] for check in found["checks"]
    }


def test_a_replay_keeps_every_promise(figures) -> None:
    assert figures["dossiers"] == 40
    assert (figures["lost"], figures["repeated"], figures["out_of_order"]) == (0, 0, 0)


def test_a_dossier_is_shown_in_both_languages(nsw: Nsw, figures) -> None:
    numbers = asyncio.run(_numbers(nsw))
    shown = nsw.json("dossier", "show", numbers[0])
    assert shown["number"] == numbers[0]
    assert shown["timeline"][0]["status"] == "submitted"
    assert "The window has the dossier" in nsw("dossier", "show", numbers[0])
    assert "Cổng một cửa đã nhận hồ sơ" in nsw("dossier", "show", numbers[0], "--lang", "vi")
    assert f"the window has no dossier {NUMBER}" in nsw("dossier", "show", NUMBER, code=2)


async def _numbers(nsw: Nsw) -> list[str]:
    connection = await asyncpg.connect(state(nsw.folder).urls["database"])
    try:
        return [row["number"] for row in await connection.fetch("select number from intake.dossier order by number")]
    finally:
        await connection.close()


def test_streams_agree_and_can_be_sent_again(nsw: Nsw, figures) -> None:
    reports = nsw.json("stream", "verify")
    written = next(report for report in reports if report["topic"] == "nsw.status.v1" and report["position"] > 0)
    assert all(report["gaps"] == 0 for report in reports)
    stream = [written["topic"], str(written["partition"])]
    again = nsw.json("stream", "republish", *stream, "--from", "1")
    assert again["facts"] == written["position"]
    assert "the journal holds positions 1 to" in nsw("stream", "republish", *stream, "--from", "99999", code=2)
    assert eventually(lambda: _published(nsw, written) == written["position"])
    assert nsw.json("stream", "adopt") == []
    assert nsw.json("journal", "archive", "--before", "2020-01", "--to", str(nsw.folder.parent / "archive")) == []


def _published(nsw: Nsw, written: dict[str, Any]) -> int:
    reports = nsw.json("stream", "verify", "--service", "routing", code=0)
    same = next(r for r in reports if (r["topic"], r["partition"]) == (written["topic"], written["partition"]))
    return same["published"]


def test_an_unreadable_record_is_listed_and_its_value_only_when_asked_for(nsw: Nsw) -> None:
    asyncio.run(_produce(nsw, "nsw.agency-results.v1", b"Nguy\xe1\xbb\x85n, \xff no JSON"))
    found = eventually(lambda: nsw.json("quarantine", "list", "--service", "routing"))
    assert [(row["service"], row["topic"], row["position"]) for row in found] == [
        ("routing", "nsw.agency-results.v1", None)
    ]
    assert "value" not in found[0]
    assert "Nguyễn" not in nsw("quarantine", "list")
    assert nsw.json("quarantine", "list", "--show-value")[0]["value"] == "Nguyễn, \\xff no JSON"
    assert nsw.json("quarantine", "list", "--service", "intake") == []


async def _produce(nsw: Nsw, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=state(nsw.folder).urls["kafka"])
    await producer.start()
    try:
        await producer.send_and_wait(topic, value, partition=0)
    finally:
        await producer.stop()


def test_a_parked_event_is_listed_released_and_judged_again_by_its_service(nsw: Nsw) -> None:
    fact = {"number": NUMBER, "agency": "BYTE", "message_id": "m", "decided_at": AT.isoformat()}
    execute(
        nsw, "routing",
        "insert into parked (topic, partition, position, dossier, type, id, value, reason, parked_at) "
        "values ('nsw.agency-results.v1', 0, 1000000, $1, $2, 'f', $3, 'put here by a test', $4)",
        NUMBER, ACCEPTED, json.dumps(fact).encode(), AT,
    )  # fmt: skip
    (found,) = nsw.json("parked", "list")
    assert (found["kind"], found["dossier"], found["reason"]) == ("event", NUMBER, "put here by a test")
    assert datetime.fromisoformat(found["since"]) == AT
    assert "nothing of 260000000025 is parked" in nsw("parked", "release", "260000000025", code=2)
    assert nsw.json("parked", "release", NUMBER) == {"events": 1, "intents": 0}

    def judged() -> bool:
        (row,) = nsw.json("parked", "list", "--service", "routing")
        return row["reason"] == "no such case yet: its submission has not been applied" and not row["released"]

    assert eventually(judged)
    execute(nsw, "routing", "delete from parked")


def test_a_parked_intent_is_listed_and_released(nsw: Nsw) -> None:
    execute(
        nsw, "notifier",
        "insert into intent (lane, id, dossier, body, created_at, parked, last_error) "
        "values ('sub_gone', 'e', $1, '{}', $2, true, 'answered 410')",
        NUMBER, AT,
    )  # fmt: skip
    (found,) = nsw.json("parked", "list")
    assert (found["service"], found["kind"], found["what"], found["reason"]) == (
        "notifier", "intent", "sub_gone", "answered 410",
    )  # fmt: skip
    assert nsw.json("parked", "release", "--all") == {"events": 0, "intents": 1}
    execute(nsw, "notifier", "delete from intent where id = 'e'")
    assert nsw.json("parked", "list") == []
    assert "Nothing is parked" in nsw("parked", "list")


def test_installing_again_changes_nothing(nsw: Nsw) -> None:
    assert "Nothing to do" in nsw("install")
