"""Deliveries to a real HTTP server that answers rightly, wrongly, too much or never."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from agency_door import RECEIVED, AgencyDoor, open_door, pending, said, taken
from aiohttp import web
from nsw_contracts.envelope import fact_id
from nsw_contracts.events import ACCEPTED, DELIVERED, RESULT_ISSUED
from nsw_ministry_adapter.circuit import PROBE
from nsw_ministry_adapter.meaning import TRIES_BEFORE_PARKING
from nsw_ministry_adapter.rest_json.adapter import RestJson
from nsw_runtime.sender import Attempt, Dead, Done, Held, Retry
from nsw_runtime.settings import ServiceSettings
from nsw_runtime.telemetry import Telemetry
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
LAST_TRY = TRIES_BEFORE_PARKING - 1
ONE_BY_ONE_AT_ONCE = RestJson.manifest.capabilities.at_once


@pytest.fixture
async def agency() -> AsyncIterator[AgencyDoor]:
    async with open_door() as door:
        yield door


def text(body: bytes, status: int = 200) -> Any:
    async def answer(_: web.Request, __: dict[str, Any]) -> web.StreamResponse:
        return web.Response(body=body, status=status, content_type="application/json")

    return answer


async def one(
    agency: AgencyDoor, *, batch: int = 500, attempts: int = 0, timeout_seconds: float = 10, largest: int = 1 << 24
) -> Attempt:
    async with agency.transport(batch=batch, timeout_seconds=timeout_seconds, largest=largest) as transport:
        (attempt,) = await transport.send("BYTE", [pending(1, attempts=attempts)])
    return attempt


def kinds(attempt: Attempt) -> list[str]:
    assert isinstance(attempt, Done), attempt
    return [fact.type for fact in attempt.facts]


async def test_a_batch_is_one_request_and_one_attempt_each(agency: AgencyDoor) -> None:
    async with agency.transport() as transport:
        assert (transport.most("BYTE"), transport.most("BCT"), transport.wait("BYTE")) == (500, 0, 0.0)
        attempts = await transport.send("BYTE", [pending(which) for which in range(3)])
    assert [kinds(attempt) for attempt in attempts] == [[DELIVERED]] * 3
    ((path, body),) = agency.requests
    assert path == "/agencies/BYTE/deliveries"
    assert body == {
        "deliveries": [
            {"message_id": f"{which:032x}", "traceparent": None, "dossier": {"number": f"{which:012d}"}}
            for which in range(3)
        ]
    }
    assert agency.headers["x-nsw-agency"] == "BYTE"
    assert agency.headers["content-type"] == "application/json"


async def test_answers_are_matched_by_message_id_not_by_order(agency: AgencyDoor) -> None:
    async def backwards(_: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        answers = [said(each) for each in reversed(body["deliveries"])]
        accepted = {"kind": "accepted", "decided_at": RECEIVED}
        answers[0]["decisions"] = [accepted, {"kind": "result-issued", "decided_at": RECEIVED, "outcome": "passed"}]
        return web.json_response({"answers": answers})

    agency.answering = backwards
    async with agency.transport() as transport:
        first, last = await transport.send("BYTE", [pending(1), pending(2)])
    assert (kinds(first), kinds(last)) == ([DELIVERED], [DELIVERED, ACCEPTED, RESULT_ISSUED])
    assert isinstance(last, Done)
    assert [fact.key for fact in last.facts] == ["000000000002"] * 3
    assert [fact.id for fact in last.facts] == [
        fact_id(f"{2:032x}", kind, str(index)) for index, kind in enumerate([DELIVERED, ACCEPTED, RESULT_ISSUED])
    ]


async def test_what_a_batch_does_not_answer_is_tried_again_and_the_rest_is_done(agency: AgencyDoor) -> None:
    async def forgetful(_: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return web.json_response({"answers": [said(body["deliveries"][1]), {**said({"message_id": "other"})}]})

    agency.answering = forgetful
    async with agency.transport() as transport:
        attempts = await transport.send("BYTE", [pending(1), pending(2), pending(3, attempts=LAST_TRY)])
    assert [type(attempt) for attempt in attempts] == [Retry, Done, Dead]


async def test_one_by_one_dossiers_go_side_by_side_but_not_all_at_once(agency: AgencyDoor) -> None:
    full, go = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        if agency.at_once == ONE_BY_ONE_AT_ONCE:
            full.set()
        await go.wait()
        return await taken(request, body)

    agency.answering = slow
    async with agency.transport(batch=1) as transport:
        sending = asyncio.create_task(transport.send("BYTE", [pending(which) for which in range(40)]))
        await full.wait()
        go.set()
        assert [kinds(attempt) for attempt in await sending] == [[DELIVERED]] * 40
    assert agency.most_at_once == ONE_BY_ONE_AT_ONCE
    assert {path for path, _ in agency.requests} == {"/agencies/BYTE/delivery"}


async def test_one_by_one_a_dossiers_deliveries_keep_their_order_and_stop_at_a_failure(agency: AgencyDoor) -> None:
    async def refuses_the_second(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return web.Response(status=503) if body["message_id"] == f"{2:032x}" else await taken(request, body)

    agency.answering = refuses_the_second
    wanted = [pending(1, dossier=7), pending(2, dossier=7), pending(3, dossier=7), pending(4, dossier=8)]
    async with agency.transport(batch=1) as transport:
        attempts = await transport.send("BYTE", wanted)
    assert [type(attempt) for attempt in attempts] == [Done, Retry, Held, Done]
    of_seven = [body["message_id"] for _, body in agency.requests if body["dossier"]["number"] == f"{7:012d}"]
    assert of_seven == [f"{1:032x}", f"{2:032x}"]


@pytest.mark.parametrize("batch", [1, 500])
@pytest.mark.parametrize("status", [400, 413, 415, 422])
async def test_what_the_agency_will_never_take_is_dead(agency: AgencyDoor, status: int, batch: int) -> None:
    agency.answering = text(b"", status)
    assert await one(agency, batch=batch) == Dead(f"BYTE: answered {status}")
    assert agency.circuit.state == "well", "an agency that answers is there"


@pytest.mark.parametrize("batch", [1, 500])
@pytest.mark.parametrize("status", [301, 307, 401, 403, 404, 405, 410])
async def test_a_wrong_address_or_login_stops_the_agency_and_parks_nothing(
    agency: AgencyDoor, status: int, batch: int
) -> None:
    agency.answering = text(b"", status)
    attempt = await one(agency, batch=batch, attempts=10_000 if batch > 1 else 0)
    assert isinstance(attempt, Retry)
    assert (attempt.reason, attempt.alone) == (f"BYTE: answered {status}", False)
    assert (agency.circuit.state, agency.circuit.reason) == ("misconfigured", f"answered {status}")


async def test_one_bad_dossier_in_a_batch_is_found_and_the_others_get_through(agency: AgencyDoor) -> None:
    async def refuses_the_third(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        bad = any(one["message_id"] == f"{3:032x}" for one in body["deliveries"])
        return web.Response(status=422) if bad else await taken(request, body)

    agency.answering = refuses_the_third
    async with agency.transport(batch=500) as transport:
        attempts = await transport.send("BYTE", [pending(which) for which in (1, 2, 3, 4, 5)])
    assert [type(attempt) for attempt in attempts] == [Done, Done, Dead, Done, Done]


SPOILED: dict[str, dict[str, Any]] = {
    "a decision of no known kind": {"decisions": [{"kind": "eaten", "decided_at": RECEIVED}]},
    "a decision that lacks its reason": {"decisions": [{"kind": "refused", "decided_at": RECEIVED}]},
    "a good decision before a bad one": {
        "decisions": [{"kind": "accepted", "decided_at": RECEIVED}, {"kind": "refused", "decided_at": RECEIVED}]
    },
    "a decision that is none": {"decisions": ["accepted"]},
    "decisions without end": {"decisions": [{"kind": "accepted", "decided_at": RECEIVED}] * 11},
    "a time without a zone": {"received_at": "2026-03-02T09:00:00"},
    "nothing but the id": {"received_at": None},
}


@pytest.mark.parametrize("name", SPOILED)
async def test_a_wrong_answer_in_a_batch_spoils_its_own_dossier_and_no_other(agency: AgencyDoor, name: str) -> None:
    async def wrong_about_the_second(_: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        answers = [said(one, {"kind": "accepted", "decided_at": RECEIVED}) for one in body["deliveries"]]
        answers[1] |= SPOILED[name]
        return web.json_response({"answers": answers})

    agency.answering = wrong_about_the_second
    async with agency.transport() as transport:
        attempts = await transport.send("BYTE", [pending(1), pending(2), pending(3)])
        first, last, other = await transport.send("BYTE", [pending(1), pending(2, attempts=LAST_TRY), pending(3)])
    assert [type(attempt) for attempt in attempts] == [Done, Retry, Done]
    assert [type(attempt) for attempt in (first, last, other)] == [Done, Dead, Done]
    assert kinds(other) == [DELIVERED, ACCEPTED]
    assert isinstance(last, Dead)
    assert last.reason.startswith("BYTE: the answer cannot be read")


@pytest.mark.parametrize("batch", [1, 500])
@pytest.mark.parametrize("status", [201, 204, 408, 409, 429, 500, 502, 503, 504])
async def test_what_may_pass_is_tried_again_however_often(agency: AgencyDoor, status: int, batch: int) -> None:
    agency.answering = text(b"", status)
    attempt = await one(agency, batch=batch, attempts=10_000)
    assert isinstance(attempt, Retry)
    assert (attempt.reason, attempt.alone) == (f"BYTE: answered {status}", False)


async def test_an_agency_may_say_how_long_to_wait(agency: AgencyDoor) -> None:
    async def later(_: web.Request, __: dict[str, Any]) -> web.StreamResponse:
        return web.Response(status=429, headers={"retry-after": "90"})

    agency.answering = later
    assert await one(agency) == Retry("BYTE: answered 429", 90.0)


async def test_an_agency_that_lets_nothing_through_rests_longer_each_time_and_is_then_probed(
    agency: AgencyDoor,
) -> None:
    agency.answering = text(b"", 503)
    rests = []
    async with agency.transport() as transport:
        for _ in range(4):
            (attempt,) = await transport.send("BYTE", [pending(1)])
            assert isinstance(attempt, Retry)
            rests.append(attempt.after or 0.0)
        assert [0.5 <= rests[0] <= 1, *(5 <= rest <= 10 for rest in rests[1:])] == [True] * 4
        assert (agency.circuit.state, transport.most("BYTE")) == ("resting", PROBE)
        agency.answering = taken
        await transport.send("BYTE", [pending(1)])
        assert (agency.circuit.state, transport.most("BYTE")) == ("well", 500)


async def test_a_paused_agency_is_not_delivered_to(agency: AgencyDoor) -> None:
    agency.paused = True
    async with agency.transport() as transport:
        assert transport.most("BYTE") == 0


async def test_one_dossier_that_fails_waits_alone(agency: AgencyDoor) -> None:
    async def locked(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return web.Response(status=503) if body["message_id"] == f"{2:032x}" else await taken(request, body)

    agency.answering = locked
    async with agency.transport(batch=1) as transport:
        _, second = await transport.send("BYTE", [pending(1), pending(2)])
    assert isinstance(second, Retry)
    assert second.alone
    assert agency.circuit.state == "well"


async def test_what_may_have_arrived_is_asked_for_before_it_is_repeated(agency: AgencyDoor) -> None:
    agency.known[f"{1:032x}"] = said({"message_id": f"{1:032x}"}, {"kind": "accepted", "decided_at": RECEIVED})
    async with agency.transport(batch=1) as transport:
        there, not_there, new = await transport.send(
            "BYTE", [pending(1, attempts=1), pending(2, attempts=1), pending(3)]
        )
    assert [kinds(attempt) for attempt in (there, not_there, new)] == [[DELIVERED, ACCEPTED], [DELIVERED], [DELIVERED]]
    assert sorted(agency.asked) == [f"{1:032x}", f"{2:032x}"]
    assert sorted(body["message_id"] for _, body in agency.requests) == [f"{2:032x}", f"{3:032x}"]


async def test_an_agency_that_counts_repeats_is_asked_before_every_message(agency: AgencyDoor) -> None:
    """A process that crashed after it had sent left no trace of it."""
    agency.drops_repeats = False
    agency.known[f"{1:032x}"] = said({"message_id": f"{1:032x}"})
    async with agency.transport(batch=1) as transport:
        await transport.send("BYTE", [pending(1), pending(2)])
    assert sorted(agency.asked) == [f"{1:032x}", f"{2:032x}"]
    assert [body["message_id"] for _, body in agency.requests] == [f"{2:032x}"]


@pytest.mark.parametrize("answer", [web.Response(status=500), web.Response(status=404, text="no page"), None])
async def test_what_cannot_be_asked_for_is_not_repeated(agency: AgencyDoor, answer: web.Response | None) -> None:
    agency.asking = answer
    attempt = await one(agency, batch=1, attempts=1, timeout_seconds=0.2)
    assert isinstance(attempt, Retry)
    assert agency.requests == []


@pytest.mark.parametrize("status", [400, 500])
async def test_an_agency_that_has_answered_a_message_has_it(agency: AgencyDoor, status: int) -> None:
    agency.answering = text(b"", status)
    agency.early[f"{1:032x}"] = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert kinds(await one(agency, batch=1)) == [DELIVERED]


async def test_redirects_are_not_followed(agency: AgencyDoor) -> None:
    async def elsewhere(_: web.Request, __: dict[str, Any]) -> web.StreamResponse:
        return web.Response(status=307, headers={"location": f"{agency.url}elsewhere"})

    agency.answering = elsewhere
    assert isinstance(await one(agency), Retry)
    assert len(agency.requests) == 1


GOOD = b'{"message_id":"%s","received_at":"%s","decisions":[%s]}'
UNUSABLE = {
    "no JSON": b"<html>ok</html>",
    "nothing": b"",
    "another shape": b"[1, 2]",
    "no time": GOOD % (b"%032x" % 1, b"", b""),
    "a time without a zone": GOOD % (b"%032x" % 1, b"2026-03-02T09:00:00", b""),
    "a time that has no UTC": GOOD % (b"%032x" % 1, b"0001-01-01T00:00:00+14:00", b""),
    "a time at the other end": GOOD % (b"%032x" % 1, b"9999-12-31T23:59:59-14:00", b""),
    "an unknown decision": GOOD % (b"%032x" % 1, RECEIVED.encode(), b'{"kind":"eaten"}'),
    "a refusal without a reason": GOOD
    % (b"%032x" % 1, RECEIVED.encode(), b'{"kind":"refused","decided_at":"2026-03-02T09:00:00Z","reason":""}'),
    "an escaped NUL": GOOD
    % (b"%032x" % 1, RECEIVED.encode(), b'{"kind":"refused","decided_at":"2026-03-02T09:00:00Z","reason":"a\\u0000"}'),
    "a raw NUL": GOOD % (b"%032x" % 1, RECEIVED.encode(), b"\x00"),
    "half of a pair": GOOD % (b"\\ud800", RECEIVED.encode(), b""),
    "another delivery's id": GOOD % (b"%032x" % 2, RECEIVED.encode(), b""),
    "items without end": GOOD
    % (
        b"%032x" % 1,
        RECEIVED.encode(),
        b'{"kind":"supplement-requested","decided_at":"2026-03-02T09:00:00Z","reason":"r","items":["%s"]}'
        % b'","'.join([b"x" * 500] * 10_000),
    ),
}


@pytest.mark.parametrize("batch", [1, 500])
@pytest.mark.parametrize("name", UNUSABLE)
async def test_an_unusable_answer_is_tried_again_then_shown(agency: AgencyDoor, name: str, batch: int) -> None:
    body = UNUSABLE[name]
    agency.answering = text(body if batch == 1 else b'{"answers":[' + body + b"]}")
    assert isinstance(await one(agency, batch=batch), Retry)
    assert isinstance(await one(agency, batch=batch, attempts=LAST_TRY), Dead)


@pytest.mark.parametrize("batch", [1, 500])
async def test_an_answer_without_end_is_cut_off(agency: AgencyDoor, batch: int) -> None:
    gone = asyncio.Event()

    async def endless(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b" " * 65536)
        finally:
            gone.set()

    agency.answering = endless
    attempt = await one(agency, batch=batch, largest=100_000)
    assert isinstance(attempt, Retry)
    assert attempt.reason == "BYTE: the answer is larger than 100,000 bytes"
    assert isinstance(await one(agency, batch=batch, attempts=LAST_TRY, largest=100_000), Dead)
    await gone.wait()


async def test_an_answer_of_just_the_most_is_read_whole(agency: AgencyDoor) -> None:
    whole = GOOD % (b"%032x" % 1, RECEIVED.encode(), b"") + b" " * 100_000
    agency.answering = text(whole)
    assert kinds(await one(agency, batch=1, largest=len(whole))) == [DELIVERED]
    agency.answering = text(whole + b" ")
    assert isinstance(await one(agency, batch=1, largest=len(whole)), Retry)


async def test_an_agency_that_never_answers_is_left(agency: AgencyDoor) -> None:
    async def hangs(_: web.Request, __: dict[str, Any]) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    agency.answering = hangs
    attempt = await one(agency, timeout_seconds=0.2, attempts=10_000)
    assert isinstance(attempt, Retry)
    assert attempt.reason == "BYTE: the reply was lost: TimeoutError"


async def test_an_agency_that_stops_in_the_middle_of_its_answer_is_left(agency: AgencyDoor) -> None:
    async def breaks_off(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-length": "1000"})
        await response.prepare(request)
        await response.write(b'{"answers":')
        assert request.transport is not None
        request.transport.abort()
        return response

    agency.answering = breaks_off
    attempt = await one(agency, attempts=10_000)
    assert isinstance(attempt, Retry)
    assert attempt.reason.startswith("BYTE: the reply was lost")


async def test_an_agency_that_is_not_there_is_tried_again() -> None:
    attempt = await one(AgencyDoor(url="http://127.0.0.1:1/"), attempts=10_000)
    assert isinstance(attempt, Retry)
    assert attempt.reason == "BYTE: cannot be reached: ClientConnectorError"


async def test_a_delivery_is_a_span_and_its_trace_goes_along(agency: AgencyDoor) -> None:
    exporter = InMemorySpanExporter()
    settings = ServiceSettings(database_url="-", kafka_bootstrap_servers="-", http_port=1)
    telemetry = Telemetry("ministry-adapter", settings, exporter=exporter)
    async with agency.transport(batch=1, telemetry=telemetry) as transport:
        await transport.send("BYTE", [pending(1)._replace(traceparent=TRACE), pending(2)])
        agency.answering = text(b"", 503)
        await transport.send("BYTE", [pending(3, attempts=4)._replace(traceparent=TRACE)])
    telemetry.close()
    done, failed = exporter.get_finished_spans()
    assert (done.name, failed.name, done.status.is_ok, failed.status.is_ok) == (
        "deliver BYTE", "deliver BYTE", True, False,
    )  # fmt: skip
    assert dict(failed.attributes or {}) == {
        "nsw.dossier.number": f"{3:012d}", "nsw.agency": "BYTE", "http.request.resend_count": 4, "error.type": "retry",
    }  # fmt: skip
    sent = {body["message_id"]: body["traceparent"] for _, body in agency.requests}
    assert sent[f"{1:032x}"].split("-")[1:3] == [TRACE.split("-")[1], f"{done.context.span_id:016x}"]
    assert sent[f"{2:032x}"] is None
