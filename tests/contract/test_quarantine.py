"""Quarantine and parking on a real Postgres: raw records kept as they came, parked events in their order."""

from datetime import UTC, datetime, timedelta

import pytest
from nsw_contracts.events import FACTS
from nsw_runtime import quarantine
from nsw_runtime.handling import Event
from nsw_runtime.quarantine import ParkedEvent, Unreadable
from support.scratch import Database
from support.stories import stories

NOW = datetime(2026, 3, 2, tzinfo=UTC)


class Record:
    """A raw record."""

    def __init__(self, offset: int, value: bytes | None, headers: list[tuple[str, bytes | None]]) -> None:
        self.topic, self.partition, self.offset = "t", 0, offset
        self.key: bytes | None = None
        self.value, self.headers = value, headers


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (None, []),
        (b"", [("a", None)]),
        (b"\x00\xff", [("a", b"\x00"), ("a", b"\xff\xfe"), ("", b"")]),
        (b"x" * 100_000, [("long", b"\\u0000" * 1000)]),
        (b"{}", [("nul\x00name", b"v"), ("\\u0000", b"\\")]),
    ],
)
async def test_whatever_bytes_a_record_holds_they_are_kept(database: Database, value, headers) -> None:
    async with database.connection("routing") as connection:
        await quarantine.put_aside(connection, [Unreadable(Record(1, value, headers), 7, "value: x")], NOW)
        row = await connection.fetchrow("select * from quarantine")
        assert (row["value"], row["key"], row["position"], row["reason"]) == (value, None, 7, "value: x")


async def test_a_record_met_again_is_kept_once(database: Database) -> None:
    async with database.connection("routing") as connection:
        for _ in range(2):
            await quarantine.put_aside(connection, [Unreadable(Record(1, b"", []), None, "x")], NOW)
        assert await connection.fetchval("select count(*) from quarantine") == 1


def event(position: int, dossier: int, topic: str = "results") -> Event:
    kind, fact = stories(3)[dossier]
    assert isinstance(fact, FACTS[kind])
    return Event(topic, 0, position, kind, f"id{position}", None, fact, fact.model_dump_json().encode())


async def test_parked_events_wait_by_stream_and_come_back_in_order(database: Database) -> None:
    async with database.connection("routing") as connection:
        events = [event(1, 0), event(2, 1), event(3, 0), event(9, 0, "submissions")]
        for moment, one in enumerate(events):
            await quarantine.park(connection, [ParkedEvent(one, "why")], NOW + timedelta(seconds=moment))
        first, second = events[0].key, events[1].key
        assert await quarantine.waiting(connection, [first, "260000000000"]) == {
            (first, "results", 0),
            (first, "submissions", 0),
        }
        assert await quarantine.released(connection, 10) == []
        await quarantine.release(connection, [first])
        found = await quarantine.released(connection, 10)
        assert [(row.topic, row.position) for row in found] == [("results", 1), ("results", 3), ("submissions", 9)]

        await quarantine.unpark(connection, [events[0]])
        await quarantine.keep_parked(connection, [ParkedEvent(events[2], "still")])
        rows = await connection.fetch("select position, reason, released from parked order by position")
        assert [tuple(row) for row in rows] == [(2, "why", False), (3, "still", False), (9, "why", True)]
        assert await quarantine.waiting(connection, [second]) == {(second, "results", 0)}
