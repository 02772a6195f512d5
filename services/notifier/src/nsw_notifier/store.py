"""Subscriptions in Postgres. Statements on behalf of a business run in a transaction whose tenant is that business."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from nsw_runtime.database import Connection

from nsw_notifier.subscription import Subscription, SubscriptionRequest, challenges_of, new_id, new_secret

COLUMNS: Final = ", ".join(Subscription._fields)
MOST: Final = 100  # subscriptions of one business

_SAVE: Final = f"""
insert into subscription (id, declarant, kind, address, delivery, events, types, procedures, dossiers, language, rate,
    state, note, secret, created_at)
select id, declarant, kind, address, delivery, events, string_to_array(types, ','), string_to_array(procedures, ','),
    string_to_array(dossiers, ','), language, rate, state, note, secret, $15
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::int[], $12::text[], $13::text[], $14::text[])
    as w(id, declarant, kind, address, delivery, events, types, procedures, dossiers, language, rate, state, note,
    secret)
on conflict (declarant, address) do update set
    delivery = excluded.delivery, events = excluded.events, types = excluded.types, procedures = excluded.procedures,
    dossiers = excluded.dossiers, language = excluded.language, rate = excluded.rate,
    secret = excluded.secret, previous = subscription.secret, previous_until = $16
returning {COLUMNS}
"""  # noqa: S608  # the columns are ours
_COUNTS: Final = "select declarant from subscription where declarant = any($1) group by declarant having count(*) > $2"
# LIMIT keeps the planner on the index whatever it believes of a table that was just filled.
_OF: Final = f"""
select s.* from unnest($1::text[]) as d(declarant) cross join lateral (
    select {COLUMNS} from subscription s where s.declarant = d.declarant limit {MOST}
) s where s.state <> 'unverified'
"""  # noqa: S608
_LIST: Final = f"select {COLUMNS} from subscription where declarant = $1 order by created_at, id"  # noqa: S608
_BY_ID: Final = f"select {COLUMNS} from subscription where id = $1"  # noqa: S608
_CHANGE: Final = f"""
update subscription set delivery = coalesce($2, delivery), events = coalesce($3, events), types = coalesce($4, types),
    procedures = coalesce($5, procedures), dossiers = coalesce($6, dossiers), language = coalesce($7, language),
    rate = coalesce($8, rate)
where id = $1 returning {COLUMNS}
"""  # noqa: S608
_ROTATE: Final = f"""
update subscription set previous = secret, previous_until = $3, secret = $2 where id = $1 returning {COLUMNS}
"""  # noqa: S608
_STATE: Final = f"""
update subscription set state = $2, note = $3, failing_since = null where id = $1 and state = any($4)
returning {COLUMNS}
"""  # noqa: S608
_ASKED: Final = """
update subscription set asked_at = $2 where id = $1 and (asked_at is null or asked_at < $3) returning id
"""
_NOTE: Final = "update subscription set note = $2 where id = $1 and state = 'unverified'"
_FAILING: Final = "update subscription set failing_since = $2 where id = $1"
_DELETE: Final = "delete from subscription where id = $1"
_DROP_WAITING: Final = "delete from intent where lane = any($1)"
_RELEASE: Final = "update intent set parked = false, attempts = 0 where lane = $1 and parked"
_WAITING: Final = """
select count(*) filter (where not parked) as waiting, count(*) filter (where parked) as stuck,
    max(last_error) filter (where parked) as why
from intent where lane = $1
"""


async def save(
    connection: Connection,
    wanted: Sequence[tuple[SubscriptionRequest, str, str]],
    at: datetime,
    previous_until: datetime,
) -> dict[tuple[str, str], Subscription]:
    """Put subscriptions in force, each with its state and note; gives them by (declarant, address).

    The same one asked for again keeps its id and gets a new secret; the one before signs beside it for a while.
    """  # fmt: skip
    unique = {(request.declarant, request.address): (request, state, note) for request, state, note in wanted}
    rows = [
        (
            new_id(), request.declarant, request.kind, request.address, request.delivery, request.events,
            _joined(request.types), _joined(request.procedures), _joined(request.dossiers), request.language,
            request.rate, state, note, new_secret(),
        )
        for request, state, note in unique.values()
    ]  # fmt: skip
    saved = await connection.fetch(_SAVE, *(list(column) for column in zip(*rows, strict=True)), at, previous_until)
    return {(one.declarant, one.address): one for one in map(_read, saved)}


async def too_many(connection: Connection, declarants: Iterable[str]) -> list[str]:
    """Which of these businesses have more subscriptions than one may have."""
    return [row["declarant"] for row in await connection.fetch(_COUNTS, sorted(set(declarants)), MOST)]


async def of_declarants(connection: Connection, declarants: Sequence[str]) -> dict[str, list[Subscription]]:
    """The verified subscriptions of these businesses."""
    found: dict[str, list[Subscription]] = {}
    for row in await connection.fetch(_OF, declarants):
        found.setdefault(row["declarant"], []).append(_read(row))
    return found


async def of_declarant(connection: Connection, declarant: str) -> list[Subscription]:
    """Every subscription of one business, the oldest first."""
    return [_read(row) for row in await connection.fetch(_LIST, declarant)]


async def by_id(connection: Connection, subscription: str) -> Subscription | None:
    """One subscription, or None where there is none."""
    return _maybe(await connection.fetchrow(_BY_ID, subscription))


async def change(connection: Connection, subscription: str, wishes: Mapping[str, Any]) -> Subscription | None:
    """Change what is given; the subscription afterwards."""
    names = ("delivery", "events", "types", "procedures", "dossiers", "language", "rate")
    return _maybe(await connection.fetchrow(_CHANGE, subscription, *(wishes.get(name) for name in names)))


async def rotate(connection: Connection, subscription: str, previous_until: datetime) -> Subscription | None:
    """Make a new secret; the one before signs beside it until then, and one before that no more."""
    return _maybe(await connection.fetchrow(_ROTATE, subscription, new_secret(), previous_until))


async def set_state(
    connection: Connection, subscription: str, state: str, note: str, *, when: Sequence[str]
) -> Subscription | None:
    """Move a subscription that is in one of the states `when`; None where it is not."""
    return _maybe(await connection.fetchrow(_STATE, subscription, state, note, list(when)))


async def may_ask(connection: Connection, subscription: str, now: datetime, not_since: datetime) -> bool:
    """Whether its mailbox may be asked to confirm (again); if so, it counts as asked now."""
    return await connection.fetchval(_ASKED, subscription, now, not_since) is not None


async def note(connection: Connection, subscription: str, text: str) -> None:
    """Say why a subscription is not verified yet."""
    await connection.execute(_NOTE, subscription, text)


async def failing(connection: Connection, subscription: str, since: datetime | None) -> None:
    """Note since when nothing gets through; None: it does."""
    await connection.execute(_FAILING, subscription, since)


async def remove(connection: Connection, subscription: str) -> None:
    """Remove a subscription and what waits for it."""
    await connection.execute(_DROP_WAITING, [subscription, challenges_of(subscription)])
    await connection.execute(_DELETE, subscription)


async def release(connection: Connection, subscription: str) -> None:
    """Let events that were put aside go again."""
    await connection.execute(_RELEASE, subscription)


async def waiting(connection: Connection, subscription: str) -> dict[str, Any]:
    """How many events wait, how many are stuck, and what the endpoint said to one of those."""
    row = await connection.fetchrow(_WAITING, subscription)
    return {"waiting": row["waiting"], "stuck": row["stuck"], "stuck_because": row["why"]}


def _joined(values: Sequence[str]) -> str:
    return ",".join(values)


def _read(row: Any) -> Subscription:
    return Subscription(*row)


def _maybe(row: Any) -> Subscription | None:
    return None if row is None else _read(row)
