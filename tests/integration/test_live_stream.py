"""The live stream of the running system: what happens as it happens, gone on from where a client was, and bounded."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from nsw_cli.watch import Message
from support.businesses import Business, decision, pack_today
from support.hearing import subscriptions_url
from support.live import Live
from support.many_listeners import hold
from support.polling import until

LICENCE, OTHER = "BCT9800001", "BCT9800002"  # one agency, no inspection
MOST_KIB_A_CLIENT = 64
ANSWERS = {"BCT submitted": [decision("accepted"), decision("result-issued")]}


class Listener:
    """A client of the stream: what came, in order."""

    def __init__(self) -> None:
        self.came: list[Message] = []
        self.comments = 0

    async def read(self, content: Any) -> None:
        fields: dict[str, str] = {}
        async for line in content:
            text = line.decode().rstrip("\n")
            if text.startswith(":"):
                self.comments += 1
            elif text:
                name, _, value = text.partition(": ")
                fields[name] = value
            elif "data" in fields:
                self.came.append(Message(fields["id"], fields["event"], json.loads(fields["data"])))
                fields = {}

    @property
    def events(self) -> list[Message]:
        return [one for one in self.came if one.event not in {"ready", "gap"}]

    async def heard(self, events: int) -> list[Message]:
        """Wait until so many events have come."""

        async def condition() -> bool:
            return len(self.events) >= events

        await until(condition, f"{events} events, not {self.came}", seconds=20)
        assert len(self.events) == events
        return self.events


def url(live: Live, business: Business, query: str = "") -> str:
    return f"{live.system.services['notifier']}/v1/events?declarant={business.tax_code}{query}"


@asynccontextmanager
async def listening(live: Live, business: Business, query: str = "", **headers: str) -> AsyncIterator[Listener]:
    """A client that reads until the block is over; it is there when the block begins."""
    await live.ask_once_registered("GET", f"{subscriptions_url(live)}?declarant={business.tax_code}")
    listener = Listener()
    sent = await live.headers() | headers
    async with live.http.get(url(live, business, query), headers=sent) as answer:
        assert answer.status == 200, live.stack.processes.tail("notifier")
        assert answer.headers["content-type"].startswith("text/event-stream")
        reading = asyncio.create_task(listener.read(answer.content))

        async def ready() -> bool:
            return bool(listener.came)

        await until(ready, "the stream to be ready")
        try:
            yield listener
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def file_one_more(business: Business, procedure: str = LICENCE) -> str:
    await business.agencies_answer(ANSWERS)
    return await business.file(business.dossier(pack_today(procedure)))


async def test_what_happens_comes_with_what_it_means(live: Live) -> None:
    business = Business(live)
    async with listening(live, business) as listener:
        assert listener.came[0].event == "ready"
        number = await file_one_more(business)
        events = await listener.heard(2)
    assert [int(one.id) for one in events] == [1, 2]
    assert [(one.event, one.data["data"]["status"]) for one in events] == [
        ("status-changed", "accepted"), ("status-changed", "result_issued"),
    ]  # fmt: skip
    assert {one.data["data"]["number"] for one in events} == {number}
    assert events[0].data["says"]["vi"].startswith("Cơ quan xử lý đã tiếp nhận hồ sơ.")
    assert "The result is in the window." in events[1].data["says"]["en"]


async def test_a_client_goes_on_from_where_it_was_and_misses_nothing(live: Live) -> None:
    business = Business(live)
    async with listening(live, business) as listener:
        await file_one_more(business)
        first = await listener.heard(2)
    number = await file_one_more(business)
    await business.hears(number, "accepted", "result-issued")
    await live.drained()
    async with listening(live, business, **{"last-event-id": first[0].id}) as listener:
        assert [int(one.id) for one in await listener.heard(3)] == [2, 3, 4]
        await file_one_more(business)
        assert [int(one.id) for one in await listener.heard(5)] == [2, 3, 4, 5, 6]
    async with listening(live, business, "&after=4") as listener:
        assert [int(one.id) for one in await listener.heard(2)] == [5, 6]
    async with listening(live, business) as listener:
        assert listener.came[0].id == "6", "without a position it begins now"


async def test_a_client_hears_what_it_wants_and_no_other_business(live: Live) -> None:
    mine, other = Business(live), Business(live)
    async with (
        listening(live, mine, f"&procedure={OTHER}") as narrow,
        listening(live, mine, "&type=overdue") as late,
        listening(live, mine) as wide,
    ):
        await file_one_more(other)
        one = await file_one_more(mine)
        two = await file_one_more(mine, OTHER)
        assert {each.data["data"]["number"] for each in await wide.heard(4)} == {one, two}
        assert {each.data["data"]["number"] for each in await narrow.heard(2)} == {two}
        assert late.events == []
        async with listening(live, mine, f"&dossier={one}&after=0") as single:
            assert {each.data["data"]["number"] for each in await single.heard(2)} == {one}


async def test_what_is_not_kept_any_more_is_said_to_be_missing(live: Live) -> None:
    business = Business(live)
    async with listening(live, business) as listener:
        await file_one_more(business)
        await listener.heard(2)
    async with live.owner() as owner:
        await owner.execute(
            "delete from notifier.stream_event where declarant = $1 and position = 1", business.tax_code
        )
    async with listening(live, business, "&after=0") as listener:
        assert [int(one.id) for one in await listener.heard(1)] == [2]
        gap = listener.came[1]
        assert (gap.event, gap.data["kept_from"]) == ("gap", 2)
    async with listening(live, business, "&after=99") as listener:
        assert [one.event for one in listener.came[:2]] == ["ready", "gap"]


async def test_what_was_streamed_is_a_fact_once(live: Live) -> None:
    business = Business(live)
    async with listening(live, business) as one, listening(live, business) as two:
        number = await file_one_more(business)
        await one.heard(2)
        await two.heard(2)

    async def stated() -> list[Any]:
        async with live.owner() as owner:
            rows = await owner.fetch(
                "select convert_from(value, 'utf8')::json as fact from notifier.journal where key = $1", number
            )
        found = [json.loads(row["fact"]) for row in rows]
        return found if len(found) >= 2 else []

    facts = await until(stated, "both to be stated")
    async with listening(live, business, "&after=0") as again:
        await again.heard(2)
    await live.drained()
    assert len(await stated()) == 2
    assert {(fact["channel"], fact["answer"], fact["revision"]) for fact in facts} == {
        ("stream", 200, 1), ("stream", 200, 2),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "pointer"), [("&after=x", "/last-event-id"), ("&type=sunshine", "/type"), ("&after=-1", "/last-event-id")]
)
async def test_what_cannot_be_asked_for(live: Live, query: str, pointer: str) -> None:
    business = Business(live)
    status, problem = await live.ask_once_registered("GET", url(live, business, query))
    assert (status, problem["errors"][0]["pointer"]) == (422, pointer)


async def test_anothers_stream_is_not_to_be_had(live: Live) -> None:
    business = Business(live)
    await live.register(business.tax_code)
    assert (await live.ask("GET", url(live, business), caller="stranger"))[0] in {401, 403}
    assert (await live.ask("GET", url(live, business), caller=None))[0] == 401


async def test_a_paused_stream_keeps_nothing(live: Live) -> None:
    business = Business(live)
    async with listening(live, business) as listener:
        subscription = listener.came[0].data["subscription"]
    assert (await live.ask("POST", f"{subscriptions_url(live)}/{subscription}/pause"))[0] == 200
    status, problem = await live.ask("GET", url(live, business))
    assert (status, problem["type"]) == (409, "urn:nsw:problem:not-in-this-state")
    number = await file_one_more(business)
    await business.hears(number, "accepted", "result-issued")
    await live.drained()
    assert (await live.ask("POST", f"{subscriptions_url(live)}/{subscription}/resume"))[0] == 200
    async with listening(live, business, "&after=0") as listener:
        await file_one_more(business)
        assert [int(one.id) for one in await listener.heard(2)] == [1, 2]


async def test_a_service_that_stops_lets_its_listeners_go_at_once(live: Live) -> None:
    business = Business(live)
    async with listening(live, business) as listener:
        number = await file_one_more(business)
        await listener.heard(2)
        assert await asyncio.wait_for(live.stop("notifier"), 10) == 0, "it need not wait for them"
    await live.begin("notifier")
    await live.ready("notifier")
    async with listening(live, business, "&after=1") as listener:
        (event,) = await listener.heard(1)
        assert event.data["data"]["number"] == number


async def test_hundreds_of_idle_clients_are_no_burden(live: Live) -> None:
    each = await hold(live, 400)
    print(f"an idle client takes {each:.1f} KiB of the notifier's memory")  # shown with -rP
    assert each < MOST_KIB_A_CLIENT
