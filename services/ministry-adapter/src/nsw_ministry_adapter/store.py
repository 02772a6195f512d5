"""The adapter's own tables. Every statement takes what a whole batch needs at once.

Lock order, after the sender's: intents → answers → deliveries → heads.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from nsw_runtime.database import Connection
from nsw_runtime.intents import Pending
from nsw_runtime.journal import Entry

_ADD_DELIVERIES: Final = """
insert into delivery (agency, dossier, message_id, pack_version, traceparent, delivered_at)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
on conflict do nothing
"""
_DELIVERIES: Final = """
select d.agency, d.dossier, d.message_id, d.pack_version, d.traceparent
from unnest($1::text[], $2::text[]) as w(agency, dossier)
cross join lateral (select * from delivery d where d.dossier = w.dossier and d.agency = w.agency) d
order by d.delivered_at, d.message_id
"""
_ELSEWHERE: Final = "select distinct dossier from delivery where dossier = any($1)"
_WAITING: Final = """
select i.lane, i.seq, i.id, i.dossier, i.body, i.traceparent, i.attempts, i.created_at
from intent i where i.lane = any($1) and i.dossier = any($2) order by i.lane, i.seq for update
"""
_ANSWERS: Final = """
select a.agency, a.id, a.digest, a.verdict
from unnest($1::text[], $2::text[]) as w(agency, id) join answer a using (agency, id)
"""
_ADD_ANSWERS: Final = """
insert into answer (agency, id, dossier, message_id, digest, verdict, reason, facts, received_at)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::jsonb[],
    $9::timestamptz[]) as new(agency, id, dossier, message_id, digest, verdict, reason, facts, received_at)
order by agency, id
on conflict (agency, id) do update set (dossier, message_id, digest, verdict, reason, facts, received_at) =
    (excluded.dossier, excluded.message_id, excluded.digest, excluded.verdict, excluded.reason, excluded.facts,
     excluded.received_at)
where answer.verdict in ('unknown', 'refused')
returning agency, id
"""
_TAKE_EARLY: Final = """
with early as (
    select a.agency, a.id, a.facts, a.received_at
    from unnest($1::text[], $2::text[]) as w(agency, message_id)
    join answer a on a.agency = w.agency and a.message_id = w.message_id and a.verdict = 'early'
    order by a.agency, a.id for update of a
)
update answer a set verdict = 'taken', facts = null from early e where a.agency = e.agency and a.id = e.id
returning a.agency, a.id, e.facts, e.received_at
"""
_EARLY: Final = """
select message_id, min(received_at) as received_at from answer
where agency = $1 and message_id = any($2) and verdict = 'early' group by message_id
"""
_PAUSES: Final = "select agency, begins_at, ends_at, reason from pause where ends_at is null or ends_at > $1"
_SET_CONDITION: Final = """
insert into condition (agency, state, reason, since) values ($1, $2, $3, $4)
on conflict (agency) do update set (state, reason, since) = (excluded.state, excluded.reason, excluded.since)
"""
_GET: Final = "select value from kept where agency = $1 and key = $2"
_PUT: Final = """
insert into kept (agency, key, value, kept_at) values ($1, $2, $3, $4)
on conflict (agency, key) do update set (value, kept_at) = (excluded.value, excluded.kept_at)
"""
_DELETE: Final = "delete from kept where agency = $1 and key = $2"
_LIST: Final = """
select key, value from kept where agency = $1 and starts_with(key, $2) and key >= $2 and key > $3 order by key limit $4
"""


class DeliveryRow(NamedTuple):
    """A delivery that an agency's system has taken."""

    agency: str
    dossier: str
    message_id: str
    pack_version: str
    traceparent: str | None
    delivered_at: datetime


class Known(NamedTuple):
    """What an answer may be about: a delivery made, or one that waits (`early`)."""

    message_id: str
    pack_version: str
    traceparent: str | None


class AnswerRow(NamedTuple):
    """A message of an agency and what was made of it. `facts` are those of an early one."""

    agency: str
    id: str
    dossier: str
    message_id: str | None
    digest: bytes
    verdict: str
    reason: str
    facts: Sequence[Entry] | None
    received_at: datetime


class PauseRow(NamedTuple):
    """A time in which an agency is left alone; without an end, until somebody resumes."""

    agency: str
    begins_at: datetime
    ends_at: datetime | None
    reason: str


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def add_deliveries(connection: Connection, rows: Sequence[DeliveryRow]) -> None:
    """Remember deliveries made."""
    await connection.execute(_ADD_DELIVERIES, *_columns(rows))


async def deliveries(connection: Connection, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[Known]]:
    """The deliveries made to (agency, dossier), the oldest first."""
    found: dict[tuple[str, str], list[Known]] = {}
    for row in await connection.fetch(_DELIVERIES, *_columns(wanted)):
        known = Known(row["message_id"], row["pack_version"], row["traceparent"])
        found.setdefault((row["agency"], row["dossier"]), []).append(known)
    return found


async def with_others(connection: Connection, dossiers: Sequence[str]) -> set[str]:
    """Which of these dossiers some agency has."""
    return {row["dossier"] for row in await connection.fetch(_ELSEWHERE, dossiers)}


async def waiting(connection: Connection, agencies: Sequence[str], dossiers: Sequence[str]) -> list[Pending]:
    """Deliveries of these dossiers still to be made, locked against being settled meanwhile."""
    return [Pending(*row) for row in await connection.fetch(_WAITING, agencies, dossiers)]


async def answers(
    connection: Connection, wanted: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], tuple[bytes, str]]:
    """Digest and verdict of the messages that are known, by (agency, id)."""
    rows = await connection.fetch(_ANSWERS, *_columns(wanted))
    return {(row["agency"], row["id"]): (row["digest"], row["verdict"]) for row in rows}


async def add_answers(connection: Connection, rows: Sequence[AnswerRow]) -> set[tuple[str, str]]:
    """Remember messages; gives those that were not taken before, as (agency, id).

    One that was unknown or refused before is judged anew.
    """
    told = [row._replace(facts=_written(row.facts)) for row in rows]  # type: ignore[arg-type]  # as text for Postgres
    return {(row["agency"], row["id"]) for row in await connection.fetch(_ADD_ANSWERS, *_columns(told))}


async def take_early(connection: Connection, settled: Sequence[tuple[str, str]]) -> list[Entry]:
    """What early messages about these deliveries (agency, message id) state, now that those are settled."""
    rows = await connection.fetch(_TAKE_EARLY, *_columns(settled))
    rows.sort(key=lambda row: (row["received_at"], row["agency"], row["id"]))
    return [_read(fact) for row in rows for fact in json.loads(row["facts"])]


async def early(connection: Connection, agency: str, message_ids: Sequence[str]) -> dict[str, datetime]:
    """Which of these deliveries were answered before they were settled, and when first."""
    return {row["message_id"]: row["received_at"] for row in await connection.fetch(_EARLY, agency, message_ids)}


async def pauses(connection: Connection, now: datetime) -> list[PauseRow]:
    """Pauses that last, or are to come."""
    return [PauseRow(*row) for row in await connection.fetch(_PAUSES, now)]


async def set_condition(connection: Connection, agency: str, state: str, reason: str, since: datetime) -> None:
    """Note how deliveries to an agency go."""
    await connection.execute(_SET_CONDITION, agency, state, reason, since)


async def get(connection: Connection, agency: str, key: str) -> bytes | None:
    """A value an adapter keeps."""
    value: bytes | None = await connection.fetchval(_GET, agency, key)
    return value


async def put(connection: Connection, agency: str, key: str, value: bytes, at: datetime) -> None:
    """Keep a value."""
    await connection.execute(_PUT, agency, key, value, at)


async def delete(connection: Connection, agency: str, key: str) -> None:
    """Forget a value."""
    await connection.execute(_DELETE, agency, key)


async def listed(connection: Connection, agency: str, prefix: str, after: str, most: int) -> dict[str, bytes]:
    """Values by their keys' beginning, in order."""
    return {row["key"]: row["value"] for row in await connection.fetch(_LIST, agency, prefix, after, most)}


def _written(facts: Sequence[Entry] | None) -> str | None:
    if facts is None:
        return None
    return json.dumps([[*fact._replace(value=fact.value.decode())] for fact in facts])  # type: ignore[arg-type]


def _read(fact: list[Any]) -> Entry:
    read = Entry(*fact)
    return read._replace(value=read.value.encode())  # type: ignore[attr-defined]  # it was kept as text
