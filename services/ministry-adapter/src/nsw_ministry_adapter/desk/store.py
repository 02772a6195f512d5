"""The desk's tables. Whoever changes a dossier holds its row's lock first."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from nsw_contracts.lifecycle import FINAL
from nsw_procedures.calendar import Term
from nsw_runtime.database import Connection

from nsw_ministry_adapter.desk.item import Item

State = Literal["proposed", "declined", "stated", "settled", "refused"]

_TYPES: Final = {
    "agency": "text",
    "dossier": "text",
    "procedure": "text",
    "pack_version": "text",
    "declarant": "text",
    "role": "text",
    "arrived_at": "timestamptz",
    "content": "text",
    "status": "text",
    "before": "text",
    "accepted": "bool",
    "request": "text",
    "asked": "text",
    "ended": "bool",
    "due_at": "timestamptz",
    "left_amount": "bigint",
    "left_unit": "text",
    "officer": "text",
    "taken_at": "timestamptz",
}
_COLUMNS: Final = ", ".join(_TYPES)
_LOCK: Final = f"""
select {_COLUMNS} from desk_dossier where agency = $1 and dossier = any($2) order by dossier for update
"""  # noqa: S608  # columns are ours
_SAVE: Final = f"""
insert into desk_dossier ({_COLUMNS})
select * from unnest({", ".join(f"${n}::{kind}[]" for n, kind in enumerate(_TYPES.values(), 1))})
on conflict (agency, dossier) do update set
    (content, status, before, accepted, request, asked, ended, due_at, left_amount, left_unit, officer, taken_at) =
    (excluded.content, excluded.status, excluded.before, excluded.accepted, excluded.request, excluded.asked,
     excluded.ended, excluded.due_at, excluded.left_amount, excluded.left_unit, excluded.officer, excluded.taken_at)
"""  # noqa: S608
_QUEUE: Final = f"""
select {_COLUMNS} from desk_dossier
where agency = $1
    and ($2::text is null or status = $2) and ($3::text is null or procedure = $3)
    and ($4::text is null or officer = $4) and ($5::timestamptz is null or due_at < $5)
    and ($6 or not ended) and (ended or status = any($9) and request is null) = $6
    and ($7::text is null or (coalesce(due_at, 'infinity'), dossier) > (
        select coalesce(l.due_at, 'infinity'), l.dossier from desk_dossier l where l.agency = $1 and l.dossier = $7))
order by coalesce(due_at, 'infinity'), dossier limit $8
"""  # noqa: S608
_ONE: Final = f"select {_COLUMNS} from desk_dossier where agency = $1 and dossier = $2"  # noqa: S608
_ADD_MESSAGES: Final = """
insert into desk_message (agency, message_id, dossier, what, fact, told_at)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::timestamptz[])
on conflict do nothing returning message_id
"""
_KNOWN: Final = "select message_id, told_at from desk_message where agency = $1 and message_id = any($2)"
_MESSAGES: Final = """
select message_id, what, fact, told_at from desk_message where agency = $1 and dossier = $2 order by seq
"""
_DECISION: Final = "id, dossier, kind, fact, digest, officer, decided_at, state, second, judged_at, reason"
_ADD_DECISION: Final = f"""
insert into desk_decision (agency, {_DECISION})
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, null, null, '')
"""  # noqa: S608
_JUDGE: Final = """
update desk_decision set (state, second, judged_at, reason) = ($3, $4, $5, $6) where agency = $1 and id = $2
"""
_DECISIONS: Final = f"""
select {_DECISION} from desk_decision where agency = $1 and dossier = $2 order by seq
"""  # noqa: S608
_BY_ID: Final = f"select {_DECISION} from desk_decision where agency = $1 and id = $2"  # noqa: S608
_STATED: Final = f"""
select {_DECISION} from desk_decision where agency = $1 and state = 'stated' order by seq limit $2
"""  # noqa: S608
_SETTLE: Final = """
update desk_decision d set state = s.state, reason = s.reason
from unnest($2::text[], $3::text[], $4::text[]) as s(id, state, reason)
where d.agency = $1 and d.id = s.id and d.state = 'stated'
"""


_DECIDED: Final = sorted(FINAL)


class Told(NamedTuple):
    """One message the agency was given."""

    message_id: str
    dossier: str
    what: str
    fact: bytes
    told_at: datetime


class Decision(NamedTuple):
    """What an officer decided. `fact` are the fields of the fact it becomes; `second` is the officer who judged it."""

    id: str
    dossier: str
    kind: str
    fact: Mapping[str, Any]
    digest: str
    officer: str
    decided_at: datetime
    state: State
    second: str | None = None
    judged_at: datetime | None = None
    reason: str = ""


class Wanted(NamedTuple):
    """Which dossiers of a queue; `after` is the number of the last one of the page before.

    `ended`: those that are over, or decided with nothing asked since, in place of those that wait for somebody.
    """

    status: str | None = None
    procedure: str | None = None
    officer: str | None = None
    due_before: datetime | None = None
    ended: bool = False
    after: str | None = None
    limit: int = 50


async def lock(connection: Connection, agency: str, numbers: Sequence[str]) -> dict[str, Item]:
    """Dossiers of a desk, by number, locked in the order of their numbers."""
    rows = await connection.fetch(_LOCK, agency, sorted(set(numbers)))
    return {row["dossier"]: _item(row) for row in rows}


async def save(connection: Connection, items: Sequence[Item]) -> None:
    """Write dossiers, new ones and changed ones."""
    rows = [_row(item) for item in sorted(items, key=lambda item: item.number)]
    await connection.execute(_SAVE, *(list(column) for column in zip(*rows, strict=True)))


async def queue(connection: Connection, agency: str, wanted: Wanted) -> list[Item]:
    """Dossiers of a desk, the most urgent first; those without a deadline last."""
    return [_item(row) for row in await connection.fetch(_QUEUE, agency, *wanted, _DECIDED)]


async def one(connection: Connection, agency: str, number: str) -> Item | None:
    """One dossier of a desk."""
    row = await connection.fetchrow(_ONE, agency, number)
    return None if row is None else _item(row)


async def add_messages(connection: Connection, agency: str, messages: Sequence[Told]) -> set[str]:
    """Keep what the agency is told; gives the ids that are new."""
    columns = [list(column) for column in zip(*messages, strict=True)]
    rows = await connection.fetch(_ADD_MESSAGES, [agency] * len(messages), *columns)
    return {row["message_id"] for row in rows}


async def known(connection: Connection, agency: str, message_ids: Sequence[str]) -> dict[str, datetime]:
    """Which messages the desk has, and since when."""
    return dict(await connection.fetch(_KNOWN, agency, message_ids))


async def messages(connection: Connection, agency: str, number: str) -> list[Told]:
    """What the agency was told of a dossier, in order."""
    rows = await connection.fetch(_MESSAGES, agency, number)
    return [Told(row["message_id"], number, row["what"], row["fact"], row["told_at"]) for row in rows]


async def add_decision(connection: Connection, agency: str, decision: Decision) -> None:
    """Keep a decision."""
    fields = decision._replace(fact=json.dumps(decision.fact))[:8]  # type: ignore[arg-type]  # as text for Postgres
    await connection.execute(_ADD_DECISION, agency, *fields)


async def judge(connection: Connection, agency: str, decision: Decision) -> None:
    """Note what a second officer made of a decision."""
    await connection.execute(
        _JUDGE, agency, decision.id, decision.state, decision.second, decision.judged_at, decision.reason
    )


async def decisions(connection: Connection, agency: str, number: str) -> list[Decision]:
    """The decisions on a dossier, in order."""
    return [_decision(row) for row in await connection.fetch(_DECISIONS, agency, number)]


async def decision(connection: Connection, agency: str, decision_id: str) -> Decision | None:
    """One decision."""
    row = await connection.fetchrow(_BY_ID, agency, decision_id)
    return None if row is None else _decision(row)


async def stated(connection: Connection, agency: str, most: int) -> list[Decision]:
    """Decisions that the window has not taken yet, the oldest first."""
    return [_decision(row) for row in await connection.fetch(_STATED, agency, most)]


async def settle(connection: Connection, agency: str, outcomes: Sequence[tuple[str, State, str]]) -> None:
    """Note what the window made of decisions: (id, state, reason)."""
    columns = [list(column) for column in zip(*outcomes, strict=True)]
    await connection.execute(_SETTLE, agency, *columns)


def _row(item: Item) -> tuple[Any, ...]:
    amount, unit = item.left or (None, None)
    return (
        item.agency, item.number, item.procedure, item.pack_version, item.declarant, item.role, item.arrived_at,
        item.content, item.status, item.before, item.accepted, item.request, item.asked, item.ended, item.due_at,
        amount, unit, item.officer, item.taken_at,
    )  # fmt: skip


def _item(row: Mapping[str, Any]) -> Item:
    fields = dict(row)
    number, amount, unit = fields.pop("dossier"), fields.pop("left_amount"), fields.pop("left_unit")
    return Item(number=number, left=None if unit is None else Term(amount, unit), **fields)


def _decision(row: Mapping[str, Any]) -> Decision:
    return Decision(**(dict(row) | {"fact": json.loads(row["fact"])}))
