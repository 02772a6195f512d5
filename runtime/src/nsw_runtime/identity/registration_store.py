"""The table of registrations, the same in every service's schema. All SQL of registrations stands here.

Each change takes the next revision from `registration_clock`, whose row is locked until the commit: revisions follow
the order of commits, so a reader that asks for what is beyond the last revision it saw misses nothing. A revoked
registration stays as a row that says so.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple, cast

from nsw_contracts.registration_facts import Registered, RegistrationFact, RegistrationRevoked, Role

from nsw_runtime.database import Connection


class Registration(NamedTuple):
    """Who (`issuer`, `subject`) has which role for which party; a system's `public_key` is a JWK as JSON."""

    issuer: str
    subject: str
    role: Role
    party: str
    public_key: str = ""


class RoleOf(NamedTuple):
    """A role that a caller holds, for which parties, and the public keys (JWKs as JSON) named with them."""

    role: Role
    parties: Sequence[str]
    public_keys: Sequence[str]


class Held(NamedTuple):
    """A registration in force and since when."""

    registration: Registration
    registered_at: datetime


_NEXT: Final = "update registration_clock set revision = revision + 1 returning revision"
_REGISTER: Final = """
insert into registration as r (issuer, subject, role, party, public_key, revoked, changed_at, revision)
select i, s, o, p, k, false, $6, $7 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
    as n(i, s, o, p, k)
order by i, s, o, p
on conflict (issuer, subject, role, party) do update set
    public_key = excluded.public_key, revoked = false, changed_at = excluded.changed_at, revision = excluded.revision
where r.revoked or r.public_key <> excluded.public_key
returning issuer, subject, role, party, public_key
"""
_REVOKE: Final = """
update registration set revoked = true, changed_at = $5, revision = $6
where issuer = $1 and subject = $2 and role = coalesce($3, role) and party = coalesce($4, party) and not revoked
returning issuer, subject, role, party, public_key
"""
_OF: Final = """
select role, array_agg(party), array_agg(distinct public_key) filter (where public_key <> '') from registration
where issuer = $1 and subject = $2 and not revoked group by role
"""  # a row a role: a customs broker acts for tens of thousands
_APPLY: Final = """
insert into registration (issuer, subject, role, party, public_key, revoked, changed_at, revision)
select n.*, $8 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::timestamptz[])
    as n(i, s, o, p, k, d, t)
order by i, s, o, p
on conflict (issuer, subject, role, party) do update set
    public_key = excluded.public_key, revoked = excluded.revoked, changed_at = excluded.changed_at,
    revision = excluded.revision
"""
_CHANGED: Final = "select distinct issuer, subject from registration where revision > $1"
_REVISION: Final = "select revision from registration_clock"
_LIST: Final = """
select issuer, subject, role, party, public_key, changed_at from registration
where not revoked and issuer = coalesce($1, issuer) and subject = coalesce($2, subject)
    and party = coalesce($3, party) and (issuer, subject, role, party) > ($4, $5, $6, $7)
order by issuer, subject, role, party limit $8
"""


async def register(
    connection: Connection, registrations: Sequence[Registration], at: datetime
) -> tuple[int, list[Registration]]:
    """Put registrations in force, in the caller's transaction; gives the revision, and those that are new or changed.

    Of two of one caller, role and party the last counts.
    """
    unique = {one[:4]: one for one in registrations}
    columns = [list(column) for column in zip(*unique.values(), strict=True)]
    revision = await connection.fetchval(_NEXT)
    return revision, [Registration(*row) for row in await connection.fetch(_REGISTER, *columns, at, revision)]


async def revoke(
    connection: Connection, issuer: str, subject: str, role: str | None, party: str | None, at: datetime
) -> tuple[int, list[Registration]]:
    """Revoke a caller's registrations, all of them or those of a role or party; gives the revision and which."""
    revision = await connection.fetchval(_NEXT)
    rows = await connection.fetch(_REVOKE, issuer, subject, role, party, at, revision)
    return revision, [Registration(*row) for row in rows]


async def apply(connection: Connection, facts: Sequence[RegistrationFact]) -> None:
    """Bring the table to what these facts say, in their order, in the caller's transaction."""
    last = {(fact.issuer, fact.subject, fact.role, fact.party): fact for fact in facts}
    rows = [
        (*place, fact.public_key, False, fact.registered_at)
        if isinstance(fact, Registered)
        else (*place, "", True, cast("RegistrationRevoked", fact).revoked_at)
        for place, fact in last.items()
    ]
    revision = await connection.fetchval(_NEXT)
    await connection.execute(_APPLY, *(list(column) for column in zip(*rows, strict=True)), revision)


async def of_caller(connection: Connection, issuer: str, subject: str) -> list[RoleOf]:
    """What a caller is registered for, role by role."""
    return [RoleOf(row[0], row[1], row[2] or []) for row in await connection.fetch(_OF, issuer, subject)]


async def changed(connection: Connection, revision: int) -> list[tuple[str, str]]:
    """The callers (issuer, subject) of whose registrations any has changed after a revision."""
    return [(row[0], row[1]) for row in await connection.fetch(_CHANGED, revision)]


async def revision(connection: Connection) -> int:
    """The last revision."""
    found: int = await connection.fetchval(_REVISION)
    return found


async def listed(
    connection: Connection,
    issuer: str | None,
    subject: str | None,
    party: str | None,
    after: tuple[str, str, str, str],
    most: int,
) -> list[Held]:
    """Registrations in force, in the order of their keys, those behind `after`; at most so many."""
    rows = await connection.fetch(_LIST, issuer, subject, party, *after, most)
    return [Held(Registration(*row[:5]), row[5]) for row in rows]
