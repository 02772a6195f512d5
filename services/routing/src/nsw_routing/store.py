"""Routing's tables: cases, and what is known of goods. All SQL of routing stands here.

Lock order within a transaction: cases by number, then goods by (policy, goods).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from nsw_procedures.inspection_policy import InspectionPolicy
from nsw_runtime.database import Connection

from nsw_routing.case import Case
from nsw_routing.case_json import from_json, to_json
from nsw_routing.inspection import GoodsRecord, after, unseen

_COLUMNS: Final = (
    "number, procedure, pack_version, declarant, agencies, changed_at, request, revision, goods, drawn, asked_goods"
)
_CASES: Final = f"select {_COLUMNS} from dossier_case where number = any($1) order by number for update"  # noqa: S608
_DUE: Final = f"""
select {_COLUMNS} from dossier_case where number in (
    select number from dossier_case where next_at <= $1 order by next_at limit $2
) order by number for update skip locked
"""  # noqa: S608
_SAVE: Final = """
insert into dossier_case (
    number, procedure, pack_version, declarant, agencies, changed_at, request, revision,
    goods, drawn, asked_goods, status, next_at
)
select
    n, p, v, d, a, c, q, r,
    string_to_array(g, chr(31)), string_to_array(w, chr(31)), string_to_array(k, chr(31)), s, x
from unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[], $7::text[], $8::int[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[]
) as c(n, p, v, d, a, c, q, r, g, w, k, s, x)
order by n
on conflict (number) do update set
    agencies = excluded.agencies, changed_at = excluded.changed_at, request = excluded.request,
    revision = excluded.revision, goods = excluded.goods, drawn = excluded.drawn,
    asked_goods = excluded.asked_goods, status = excluded.status, next_at = excluded.next_at
"""
_GOODS: Final = """
select r.policy, r.goods, r.mode, r.passes, r.exempt_until, r.outcomes
from unnest($1::text[], $2::text[]) as w(policy, goods) join goods_record r using (policy, goods)
"""
_MAKE_GOODS: Final = """
insert into goods_record (policy, goods, mode) select p, g, 'normal' from unnest($1::text[], $2::text[]) as w(p, g)
order by p, g on conflict (policy, goods) do nothing
"""
_LOCKED: Final = """
select r.policy, r.goods, r.mode, r.passes, r.exempt_until, r.outcomes from goods_record r
join unnest($1::text[], $2::text[]) as w(policy, goods) using (policy, goods) order by r.policy, r.goods for update of r
"""
_SAVE_GOODS: Final = """
update goods_record r set mode = w.m, passes = w.n, exempt_until = w.e, outcomes = w.o
from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::int[])
    as w(p, g, m, n, e, o)
where r.policy = w.p and r.goods = w.g
"""


class GoodsOutcome(NamedTuple):
    """What a result says of one kind of goods."""

    policy: InspectionPolicy
    goods: str
    passed: bool
    at: datetime


async def cases(connection: Connection, numbers: Sequence[str]) -> dict[str, Case]:
    """The cases of these dossiers, locked in the order of their numbers."""
    return {row["number"]: _case(row) for row in await connection.fetch(_CASES, numbers)}


async def due(connection: Connection, now: datetime, most: int) -> dict[str, Case]:
    """Cases whose clocks have something to say by `now`, locked; the earliest first, those nobody else has locked."""
    return {row["number"]: _case(row) for row in await connection.fetch(_DUE, now, most)}


async def save(connection: Connection, cases: Sequence[Case]) -> None:
    """Write cases, new ones and changed ones."""
    await connection.execute(
        _SAVE,
        [case.number for case in cases],
        [case.procedure for case in cases],
        [case.pack_version for case in cases],
        [case.declarant for case in cases],
        [to_json(case.agencies) for case in cases],
        [case.changed_at for case in cases],
        [case.request for case in cases],
        [case.revision for case in cases],
        ["\x1f".join(case.goods) or None for case in cases],
        ["\x1f".join(case.drawn) or None for case in cases],
        ["\x1f".join(case.asked_goods) or None for case in cases],
        [case.status for case in cases],
        [case.next_at for case in cases],
    )


async def goods_records(
    connection: Connection, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], GoodsRecord]:
    """What is known of these (policy, goods); nothing of those nobody has seen."""
    pairs = sorted(wanted)
    rows = await connection.fetch(_GOODS, [policy for policy, _ in pairs], [goods for _, goods in pairs])
    return {(row["policy"], row["goods"]): GoodsRecord(*row) for row in rows}


async def record(connection: Connection, outcomes: Sequence[GoodsOutcome]) -> None:
    """Add outcomes to what is known of their goods, in the order of their times."""
    policies = {outcome.policy.name: outcome.policy for outcome in outcomes}
    pairs = sorted({(outcome.policy.name, outcome.goods) for outcome in outcomes})
    columns = [policy for policy, _ in pairs], [goods for _, goods in pairs]
    await connection.execute(_MAKE_GOODS, *columns)
    known = {(row["policy"], row["goods"]): GoodsRecord(*row) for row in await connection.fetch(_LOCKED, *columns)}
    for policy, goods in pairs:
        if known[policy, goods].outcomes == 0:
            known[policy, goods] = unseen(policies[policy], goods)
    for outcome in sorted(outcomes, key=lambda one: one.at):
        place = outcome.policy.name, outcome.goods
        known[place] = after(known[place], outcome.policy, passed=outcome.passed, at=outcome.at)
    await connection.execute(
        _SAVE_GOODS, *(list(column) for column in zip(*(known[pair] for pair in pairs), strict=True))
    )


async def secret(connection: Connection) -> bytes:
    """The secret of the random checks, made once at installation."""
    found: bytes = await connection.fetchval("select secret from inspection_secret")
    return found


def _case(row: Sequence[object]) -> Case:
    number, procedure, version, declarant, agencies, changed_at, request, revision, goods, drawn, asked = row
    return Case(
        number=str(number),
        procedure=str(procedure),
        pack_version=str(version),
        declarant=str(declarant),
        agencies=from_json(str(agencies)),
        changed_at=changed_at,  # type: ignore[arg-type]  # a row's columns are what the table says
        request=request,  # type: ignore[arg-type]
        revision=revision,  # type: ignore[arg-type]
        goods=tuple(goods or ()),  # type: ignore[arg-type]
        drawn=tuple(drawn or ()),  # type: ignore[arg-type]
        asked_goods=tuple(asked or ()),  # type: ignore[arg-type]
    )
