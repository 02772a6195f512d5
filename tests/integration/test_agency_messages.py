"""What agencies say of their own accord, on a real Postgres: once each, in order, about their own dossiers only."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from nsw_contracts.adapter import Delivery, Judged, Said, Taken, say
from nsw_contracts.envelope import fact_id
from nsw_contracts.events import ACCEPTED, DELIVERED
from nsw_contracts.lifecycle import AgencySays
from nsw_ministry_adapter import store
from nsw_ministry_adapter.answers import of_delivery
from nsw_ministry_adapter.door import NOT_YOURS, OTHER_CONTENT, AnswerDoor
from nsw_runtime import intents
from nsw_runtime.database import Pool
from nsw_runtime.handling import Intent
from nsw_runtime.health import Health
from nsw_runtime.intents import Pending
from nsw_runtime.sender import Attempt, Done, Sender
from support.polling import until
from support.scratch import Database

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NUMBER, OTHER = "260000000017", "260000000025"
WORK = b'{"number":"%s","agency":"%s","role":"lead","pack_version":"2026.7","routed_at":"2026-03-02T09:00:00Z"}'


def said(message: str, number: str = NUMBER, *, agency: str = "BYTE", answers: str = "", kind: AgencySays = "accepted",
         **fields: str) -> Said:  # fmt: skip
    fact = say(kind, number=number, agency=agency, message_id=answers, decided_at=NOW, **fields)
    return Said(id=message, facts=(fact,))


@dataclass
class Wire:
    """Delivers when it may, whatever is given to it."""

    go: asyncio.Event

    def most(self, lane: str) -> int:
        return 10

    def wait(self, lane: str) -> float:
        return 0.0

    async def send(self, lane: str, pending: Sequence[Pending]) -> Sequence[Attempt]:
        await self.go.wait()
        return [
            Done(
                of_delivery(
                    Delivery(message_id=one.id, agency=lane, number=one.dossier, raw=one.body), Taken(NOW), None
                )
            )
            for one in pending
        ]


@dataclass
class Window:
    pool: Pool
    door: AnswerDoor
    sender: Sender
    wire: Wire

    async def forward(self, *wanted: tuple[str, str, str]) -> None:
        """Intend deliveries (agency, message id, dossier)."""
        async with self.pool.acquire() as connection, connection.transaction():
            rows = [
                Intent(agency, each, number, WORK % (number.encode(), agency.encode()), "trace")
                for agency, each, number in wanted
            ]
            await intents.add(connection, rows, NOW)
        self.sender.tell({agency for agency, _, _ in wanted})

    async def delivered(self, *wanted: tuple[str, str, str]) -> None:
        self.wire.go.set()
        await self.forward(*wanted)
        await self.settled()

    async def settled(self) -> None:
        async def none_left() -> bool:
            return await self.pool.fetchval("select count(*) from intent") == 0

        await until(none_left, "all deliveries to be settled", seconds=20)

    async def take(self, *messages: Said, agency: str = "BYTE") -> list[str]:
        return [one.verdict for one in await self.judged(*messages, agency=agency)]

    async def judged(self, *messages: Said, agency: str = "BYTE") -> Sequence[Judged]:
        return await self.door.take(agency, messages)

    async def stated(self) -> list[tuple[str, str]]:
        """Types and dossiers of all facts, in order."""
        rows = await self.pool.fetch("select type, key from journal order by topic, partition, position")
        return [(row["type"], row["key"]) for row in rows]

    async def verdicts(self) -> dict[str, str]:
        rows = await self.pool.fetch("select id, verdict from answer")
        return {row["id"]: row["verdict"] for row in rows}


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[Window]:
    async with database.pool("ministry-adapter") as pool:
        wire = Wire(asyncio.Event())
        door = AnswerDoor(pool, lambda: NOW, lambda stated: None)
        sender = Sender(
            service="ministry-adapter", database_url=database.service_url("ministry-adapter"), pool=pool,
            transport=wire, clock=lambda: NOW, health=Health(), on_commit=lambda _: None, keep=door.keep,
        )  # fmt: skip
        running = asyncio.create_task(sender.run())
        try:
            yield Window(pool, door, sender, wire)
        finally:
            wire.go.set()
            running.cancel()
            await asyncio.wait([running])


@pytest.fixture
async def window(database: Database) -> AsyncIterator[Window]:
    async with opened(database) as found:
        yield found


async def test_a_message_becomes_a_fact_once_with_what_the_delivery_knows(window: Window) -> None:
    await window.delivered(("BYTE", "m1", NUMBER))
    assert await window.take(said("a1", reference="TN-1")) == ["taken"]
    assert await window.take(said("a1", reference="TN-1"), said("a1", reference="TN-1")) == ["repeated", "repeated"]
    assert await window.stated() == [(DELIVERED, NUMBER), (ACCEPTED, NUMBER)]
    row = await window.pool.fetchrow("select id, traceparent, convert_from(value, 'utf8') as value from journal "
                                     "where type = $1", ACCEPTED)  # fmt: skip
    fact = json.loads(row["value"])
    assert (row["id"], row["traceparent"]) == (fact_id("BYTE/a1", ACCEPTED, "0"), "trace")
    assert (fact["message_id"], fact["pack_version"], fact["reference"]) == ("m1", "2026.7", "TN-1")


async def test_the_same_id_for_something_else_is_refused(window: Window) -> None:
    await window.delivered(("BYTE", "m1", NUMBER))
    assert await window.take(said("a1", reference="TN-1")) == ["taken"]
    (judged,) = await window.judged(said("a1", reference="TN-2"))
    assert (judged.verdict, judged.reason) == ("refused", OTHER_CONTENT)
    assert len(await window.stated()) == 2
    assert await window.verdicts() == {"a1": "taken"}


async def test_an_answer_that_overtakes_the_deliverys_reply_waits_for_it(window: Window) -> None:
    await window.forward(("BYTE", "m1", NUMBER), ("BYTE", "m2", NUMBER))
    assert await window.take(said("a1", answers="m1"), said("a2"), said("a3", answers="m3")) == [
        "early",
        "early",
        "unknown",
    ]
    assert await window.take(said("a1", answers="m1")) == ["repeated"]
    assert await window.stated() == []
    early = await window.door.early("BYTE", ["m1", "m2"])
    assert early == {"m1": NOW}, "one that names no delivery answers the first"
    window.wire.go.set()
    await window.settled()
    assert await window.stated() == [(DELIVERED, NUMBER), (DELIVERED, NUMBER), (ACCEPTED, NUMBER), (ACCEPTED, NUMBER)]
    assert await window.verdicts() == {"a1": "taken", "a2": "taken", "a3": "unknown"}
    assert await window.take(said("a1", answers="m1")) == ["repeated"]


async def test_answers_and_settling_side_by_side_lose_and_double_nothing(window: Window) -> None:
    numbers = [f"26{which:010d}" for which in range(60)]
    window.wire.go.set()

    async def answer(number: str) -> None:
        verdict = "unknown"
        while verdict == "unknown":  # as an agency's system that tries again
            (verdict,) = await window.take(said(f"a-{number}", number))

    answering = [asyncio.create_task(answer(number)) for number in numbers]
    for number in numbers:
        await window.forward(("BYTE", f"m-{number}", number))
    await asyncio.gather(*answering)
    await window.settled()
    stated = await window.stated()
    assert sorted(stated) == sorted(
        [(DELIVERED, number) for number in numbers] + [(ACCEPTED, number) for number in numbers]
    )
    for number in numbers:
        assert [kind for kind, about in stated if about == number] == [DELIVERED, ACCEPTED]


async def test_another_agencys_dossier_looks_like_one_that_does_not_exist(window: Window) -> None:
    await window.delivered(("BCT", "m1", NUMBER), ("BYTE", "m2", OTHER))
    others, nobodys = await window.judged(said("a1", NUMBER), said("a2", "260000000033"))
    assert (others.verdict, others.reason) == (nobodys.verdict, nobodys.reason) == ("unknown", NOT_YOURS)
    assert len(await window.stated()) == 2
    rows = await window.pool.fetch("select id, reason from answer order by id")
    assert [tuple(row) for row in rows] == [("a1", "the dossier is with another agency only"), ("a2", "")]


async def test_an_agency_cannot_speak_for_another(window: Window) -> None:
    await window.delivered(("BCT", "m1", NUMBER), ("BYTE", "m2", NUMBER))
    assert await window.take(said("a1", agency="BCT")) == ["refused"]
    two = Said(id="a2", facts=(*said("x").facts, *said("x", OTHER).facts))
    assert await window.take(two) == ["refused"]
    named = said("a3", answers="m1")
    assert await window.take(named) == ["unknown"], "m1 went to BCT"
    assert len(await window.stated()) == 2


async def test_a_message_too_soon_by_far_is_taken_when_it_comes_again(window: Window) -> None:
    assert await window.take(said("a1")) == ["unknown"]
    await window.delivered(("BYTE", "m1", NUMBER))
    assert await window.take(said("a1")) == ["taken"]
    assert await window.verdicts() == {"a1": "taken"}


async def test_what_postgres_cannot_hold_is_refused_and_spoils_no_neighbour(window: Window) -> None:
    await window.delivered(("BYTE", "m1", NUMBER), ("BYTE", "m2", OTHER))
    nul = said("a1", reference="\x00")
    assert await window.take(nul, said("a2", OTHER)) == ["refused", "taken"]


async def test_two_processes_take_one_message_once(database: Database, window: Window) -> None:
    await window.delivered(("BYTE", "m1", NUMBER))
    async with database.pool("ministry-adapter") as pool:
        doors = [window.door, AnswerDoor(pool, lambda: NOW, lambda stated: None)]
        messages = [said(f"a{which}") for which in range(30)]
        judged = await asyncio.gather(*(door.take("BYTE", [one]) for one in messages for door in doors))
    verdicts = sorted(one.verdict for group in judged for one in group)
    assert verdicts == ["repeated"] * 30 + ["taken"] * 30
    assert len(await window.stated()) == 31


async def test_each_agencys_rows_are_its_own(window: Window) -> None:
    await window.delivered(("BCT", "m1", NUMBER), ("BYTE", "m2", OTHER))
    await window.take(said("a1", OTHER))
    async with window.pool.acquire() as connection:
        await store.put(connection, "BCT", "cursor", b"1", NOW)
        await connection.execute("insert into pause (agency, begins_at, reason) values ('BCT', $1, '')", NOW)
        await store.set_condition(connection, "BCT", "well", "", NOW)
        for tenant, wanted in (("BYTE", {"delivery": 1, "answer": 1}), ("", {}), ("BCT", {"delivery": 1, "kept": 1})):
            async with connection.transaction():
                await connection.execute("select set_config('nsw.tenant', $1, true)", tenant)
                found = {
                    table: await connection.fetchval(f"select count(*) from {table}")
                    for table in ("delivery", "answer", "kept", "pause", "condition")
                }
            rest = {"pause": 1, "condition": 1} if tenant == "BCT" else {}
            assert found == {"delivery": 0, "answer": 0, "kept": 0, "pause": 0, "condition": 0} | wanted | rest
