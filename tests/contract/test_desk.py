"""The desk on a real Postgres: laid down once, decided once, by the officer who took it, with four eyes where asked."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from nsw_contracts.adapter import (
    Context,
    Delivery,
    HttpSettings,
    Judged,
    Misconfigured,
    NoSettings,
    NotThere,
    Taken,
)
from nsw_contracts.events import Accepted, DossierContent, Forwarded, Refused, Routed
from nsw_ministry_adapter.desk import deciding, store
from nsw_ministry_adapter.desk.adapter import DeskAdapter
from nsw_ministry_adapter.desk.deciding import DecisionBody, Judgement
from nsw_ministry_adapter.desk.item import Item, may_say
from nsw_ministry_adapter.desk.store import Decision, Wanted
from nsw_ministry_adapter.giving import PostgresStore, WindowDocuments
from nsw_procedures.example import example_content
from nsw_procedures.packs import packs
from nsw_runtime.database import Pool
from nsw_runtime.problems import Problem
from pydantic import SecretBytes
from support.scratch import Database

MONDAY = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)  # 10:00 in Hà Nội
NUMBER = "260000000017"
PLAIN = "BYTE0600001"  # one agency, no four eyes
CONTROLLED = "BYTE0800010"  # its pack asks for four eyes before a result or a refusal


class Desk:
    """One agency's desk, with the clock of a test."""

    def __init__(self, pool: Pool, agency: str = "BYTE") -> None:
        self.pool = pool
        self.agency = agency
        self.now = MONDAY
        self.adapter = DeskAdapter(self._context(), NoSettings())
        self.adapter.furnish(pool)

    def _context(self) -> Context:
        def no_secret(name: str) -> SecretBytes:
            raise AssertionError(f"the desk asked for the secret {name}")

        return Context(
            agency=self.agency,
            clock=lambda: self.now,
            http=HttpSettings(),
            secret=no_secret,
            log=logging.LoggerAdapter(logging.getLogger("desk-test"), {}),
            documents=WindowDocuments(None, "", lambda: self.now),
            store=PostgresStore(self.pool, self.agency, lambda: self.now),
        )

    def routed(self, message_id: str = "m1", number: str = NUMBER, procedure: str = PLAIN) -> Delivery:
        pack = packs().in_force(procedure, MONDAY.date())
        assert pack is not None
        content = DossierContent.model_validate(example_content(pack, pack.examples[0]))
        fact = Routed(
            number=number, agency=self.agency, role="lead", pack_version=pack.version, routed_at=MONDAY, content=content
        )
        return self._delivery(message_id, fact)

    def told(self, message_id: str, what: Any, number: str = NUMBER, **fields: Any) -> Delivery:
        fact = Forwarded(
            number=number,
            agency=self.agency,
            role="lead",
            pack_version="2026.1",
            routed_at=self.now,
            what=what,
            **fields,
        )
        return self._delivery(message_id, fact)

    def _delivery(self, message_id: str, fact: Routed | Forwarded) -> Delivery:
        raw = fact.model_dump_json(exclude_defaults=True).encode()
        return Delivery(message_id=message_id, agency=self.agency, number=fact.number, raw=raw)

    async def take(self, officer: str = "lan", number: str = NUMBER) -> Item:
        async with self.pool.acquire() as connection, connection.transaction():
            return await deciding.take(connection, self.agency, number, officer, self.now)

    async def decide(self, kind: str, *, officer: str = "lan", key: str = "", **fields: Any) -> Decision:
        body = DecisionBody(kind=kind, **fields)
        async with self.pool.acquire() as connection, connection.transaction():
            return await deciding.decide(connection, self.agency, NUMBER, officer, key or kind, body, self.now)

    async def judge(self, decision: Decision, officer: str, *, agree: bool, reason: str = "") -> Decision:
        judged = Judgement(agree=agree, reason=reason)
        async with self.pool.acquire() as connection, connection.transaction():
            return await deciding.judge(connection, self.agency, NUMBER, decision.id, officer, judged, self.now)

    async def item(self, number: str = NUMBER) -> Item:
        async with self.pool.acquire() as connection:
            found = await store.one(connection, self.agency, number)
        assert found is not None
        return found

    async def queue(self, **wanted: Any) -> list[str]:
        async with self.pool.acquire() as connection:
            return [item.number for item in await store.queue(connection, self.agency, Wanted(**wanted))]

    async def said(self) -> Sequence[Any]:
        """What the window hears, and keeps."""
        said = await self.adapter.poll()
        await self.adapter.confirm([Judged(said=one, verdict="taken") for one in said])
        return [one.facts[0] for one in said]


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with database.pool("ministry-adapter") as pool:
        yield Desk(pool)


async def refused_with(kind: str, doing: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        await doing
    assert caught.value.kind == kind, caught.value.detail
    return caught.value


async def test_a_message_is_laid_on_the_desk_once_however_often_it_comes(desk: Desk) -> None:
    first = await desk.adapter.deliver_many([desk.routed("m1"), desk.told("m2", "edited", content=None)])
    desk.now = MONDAY.replace(hour=5)
    again = await desk.adapter.deliver_many([desk.routed("m1"), desk.told("m3", "withdrawal-requested")])
    assert first == [Taken(MONDAY)] * 2
    assert again == [Taken(MONDAY), Taken(desk.now)]  # the first answer, for what was known
    assert await desk.adapter.query(desk.routed("m1")) == Taken(MONDAY)
    assert await desk.adapter.query(desk.routed("m9")) == NotThere()
    async with desk.pool.acquire() as connection:
        assert [one.what for one in await store.messages(connection, "BYTE", NUMBER)] == [
            "submitted", "edited", "withdrawal-requested",
        ]  # fmt: skip


async def test_without_the_host_there_is_no_desk(database: Database) -> None:
    async with database.pool("ministry-adapter") as pool:
        lonely = DeskAdapter(Desk(pool)._context(), NoSettings())
    assert isinstance(await lonely.deliver(Desk(pool).routed()), Misconfigured)
    assert await lonely.poll() == ()


async def test_the_life_of_a_dossier_at_a_desk(desk: Desk) -> None:
    await desk.adapter.deliver(desk.routed())
    await desk.take()
    due_at = (await desk.item()).due_at
    await desk.decide("accepted", reference="TN-1")
    accepted_until = (await desk.item()).due_at
    assert due_at is not None
    assert accepted_until is not None
    assert accepted_until > due_at  # from acceptance on, the time to decide runs

    await desk.decide("supplement-requested", reason="Thiếu hóa đơn", items=["invoice"])
    assert (await desk.item()).due_at is None  # the business must act: the clock stands still
    supplemented = desk.told("m2", "supplemented", content=desk.routed().work.content)
    await desk.adapter.deliver(supplemented)
    item = await desk.item()
    assert (item.status, item.content) == ("accepted", "m2")
    assert item.due_at is not None

    await desk.decide("result-issued", outcome="passed", certificate_number="GP-1")
    said = await desk.said()
    assert [type(fact).__name__ for fact in said] == ["Accepted", "SupplementRequested", "ResultIssued"]
    assert isinstance(said[0], Accepted)
    assert (said[0].number, said[0].agency, said[0].reference) == (NUMBER, "BYTE", "TN-1")
    assert await desk.said() == []  # what was kept is settled
    assert may_say(await desk.item()) == ("result-amended", "result-revoked")


async def test_a_request_is_answered_and_an_agreed_amendment_becomes_the_dossier(desk: Desk) -> None:
    await desk.adapter.deliver(desk.routed())
    await desk.take()
    await desk.decide("accepted")
    await desk.adapter.deliver(desk.told("m2", "amendment-requested", content=desk.routed().work.content))
    assert may_say(await desk.item())[:2] == ("amendment-agreed", "amendment-refused")
    await desk.decide("amendment-agreed")
    assert ((await desk.item()).content, (await desk.item()).asked) == ("m2", None)
    await desk.adapter.deliver(desk.told("m3", "withdrawal-requested"))
    await desk.decide("withdrawal-agreed")
    item = await desk.item()
    assert (item.status, item.ended, may_say(item)) == ("withdrawn", True, ())


async def test_only_who_took_a_dossier_decides_and_only_what_its_part_allows(desk: Desk) -> None:
    await refused_with("unknown-dossier", desk.take())
    await desk.adapter.deliver(desk.routed())
    await refused_with("not-taken", desk.decide("accepted"))
    await desk.take("lan")
    await desk.take("lan")  # again: nothing changes
    await refused_with("taken", desk.take("minh"))
    await refused_with("taken", desk.decide("accepted", officer="minh"))
    problem = await refused_with("not-possible", desk.decide("result-issued", outcome="passed"))
    assert "accepted, refused, supplement-requested" in problem.detail
    wrong = await refused_with("invalid-decision", desk.decide("refused"))
    assert [one.pointer for one in wrong.errors] == ["/reason"]
    wrong = await refused_with("invalid-decision", desk.decide("accepted", number="260000000025", refernce="x"))
    assert {one.pointer for one in wrong.errors} == {"/number"}
    wrong = await refused_with("invalid-decision", desk.decide("accepted", refernce="x"))
    assert {one.pointer for one in wrong.errors} == {"/refernce"}
    assert (await desk.item()).status == "submitted"
    assert await desk.said() == []


async def test_a_decision_sent_again_is_the_same_and_another_under_its_key_is_refused(desk: Desk) -> None:
    await desk.adapter.deliver(desk.routed())
    await desk.take()
    first = await desk.decide("accepted", key="k1", reference="TN-1")
    assert await desk.decide("accepted", key="k1", reference="TN-1") == first
    await refused_with("idempotency-key-reused", desk.decide("accepted", key="k1", reference="TN-2"))
    assert len(await desk.said()) == 1


async def test_two_officers_at_once_make_one_decision(desk: Desk) -> None:
    await desk.adapter.deliver(desk.routed())
    await desk.take()
    outcomes = await asyncio.gather(
        *(desk.decide("refused", key=f"k{n}", reason="Không thuộc đối tượng") for n in range(8)), return_exceptions=True
    )
    assert sum(isinstance(one, Decision) for one in outcomes) == 1
    assert [type(fact) for fact in await desk.said()] == [Refused]


async def test_four_eyes_where_the_pack_asks_for_them(desk: Desk) -> None:
    await desk.adapter.deliver(desk.routed(procedure=CONTROLLED))
    await desk.take("lan")
    await desk.decide("accepted")  # not one of those
    proposed = await desk.decide("result-issued", outcome="licensed", certificate_number="GP-1")
    assert proposed.state == "proposed"
    assert [type(fact) for fact in await desk.said()] == [Accepted]  # nothing of it is heard yet
    assert (await desk.item()).status == "accepted"
    await refused_with("proposed-already", desk.decide("refused", reason="x"))
    await refused_with("own-decision", desk.judge(proposed, "lan", agree=True))
    await refused_with("invalid-decision", desk.judge(proposed, "minh", agree=False))

    declined = await desk.judge(proposed, "minh", agree=False, reason="Sai số giấy phép")
    assert (declined.state, declined.reason) == ("declined", "Sai số giấy phép")
    assert await desk.said() == []
    await refused_with("judged-already", desk.judge(proposed, "hoa", agree=True))

    second = await desk.decide("result-issued", key="again", outcome="licensed", certificate_number="GP-2")
    agreed = await desk.judge(second, "minh", agree=True)
    assert agreed.state == "stated"
    assert await desk.judge(second, "minh", agree=True) == agreed  # sent again
    (result,) = await desk.said()
    assert result.certificate_number == "GP-2"
    assert (await desk.item()).status == "result_issued"


async def test_what_the_second_officer_agrees_to_must_still_be_possible(desk: Desk) -> None:
    await desk.adapter.deliver(desk.routed(procedure=CONTROLLED))
    await desk.take("lan")
    proposed = await desk.decide("refused", reason="Không thuộc đối tượng")
    await desk.adapter.deliver(desk.told("m2", "withdrawn"))
    await refused_with("not-possible", desk.judge(proposed, "minh", agree=True))
    assert await desk.said() == []


async def test_a_decision_the_window_refuses_is_shown_with_the_reason(desk: Desk) -> None:
    await desk.adapter.deliver(desk.routed())
    await desk.take()
    await desk.decide("accepted")
    (said,) = await desk.adapter.poll()
    await desk.adapter.confirm([Judged(said=said, verdict="unknown", reason="There is no such dossier.")])
    async with desk.pool.acquire() as connection:
        (decision,) = await store.decisions(connection, "BYTE", NUMBER)
    assert (decision.state, decision.reason) == ("refused", "There is no such dossier.")


async def test_the_queue_is_by_urgency_filtered_and_paged(desk: Desk) -> None:
    numbers = ["260000000017", "260000000025", "260000000033", "260000000041"]
    await desk.adapter.deliver_many([desk.routed(f"m{n}", number) for n, number in enumerate(numbers)])
    await desk.adapter.deliver(desk.told("w", "withdrawn", numbers[3]))
    await desk.take("lan", numbers[1])
    assert await desk.queue() == numbers[:3]
    assert await desk.queue(ended=True) == numbers[3:]
    assert await desk.queue(officer="lan") == [numbers[1]]
    assert await desk.queue(procedure=CONTROLLED) == []
    assert await desk.queue(due_before=MONDAY) == []
    assert await desk.queue(status="submitted", limit=2) == numbers[:2]
    assert await desk.queue(status="submitted", limit=2, after=numbers[1]) == [numbers[2]]
    await desk.take("lan")
    await desk.decide("supplement-requested", reason="Thiếu")
    assert await desk.queue() == [*numbers[1:3], numbers[0]]  # it waits for the business: no deadline runs


async def test_what_is_decided_leaves_the_queue_until_something_is_asked(desk: Desk) -> None:
    await desk.adapter.deliver(desk.routed())
    await desk.take()
    await desk.decide("accepted")
    assert (await desk.queue(), await desk.queue(ended=True)) == ([NUMBER], [])
    await desk.decide("result-issued", outcome="passed")
    assert (await desk.queue(), await desk.queue(ended=True)) == ([], [NUMBER])
    await desk.adapter.deliver(desk.told("m2", "amendment-requested", content=desk.routed().work.content))
    assert (await desk.queue(), await desk.queue(ended=True)) == ([NUMBER], [])
