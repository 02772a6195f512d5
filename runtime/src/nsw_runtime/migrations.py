"""Numbered SQL migrations, applied once each, in order, under an advisory lock, by the database's owner.

A service's role owns nothing: it may read and write the rows of its own schema and reach no other. The role in which it
reads on behalf of callers reaches only tables of its own schema that are under row-level security and say whose each
row is, in a column `declarant` or `agency`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

import asyncpg
from nsw_contracts.topics import Service, written_by

from nsw_runtime.database import caller_role_of, role_of, schema_of
from nsw_runtime.errors import BadMigration, TopicMismatch
from nsw_runtime.journal import make_months

_LOCK: Final = 0x6E7377  # "nsw"

_INSTALL_HEADS: Final = """
insert into stream_head (topic, partition)
select t.topic, p from unnest($1::text[], $2::int[]) as t(topic, partitions), generate_series(0, t.partitions - 1) as p
where not exists (select 1 from stream_head h where h.topic = t.topic)
on conflict do nothing
"""
_TENANTS_TABLES: Final = """
select c.relname from pg_class c where c.relnamespace = $1::text::regnamespace and c.relkind = 'r' and c.relrowsecurity
and exists (
    select from pg_attribute a where a.attrelid = c.oid and a.attname in ('declarant', 'agency') and not a.attisdropped
)
order by c.relname
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One SQL file: `name` is package/file, `digest` the SHA-256 of its text."""

    name: str
    sql: str

    @property
    def digest(self) -> str:
        return sha256(self.sql.encode()).hexdigest()


def migrations_of(*packages: str) -> Iterator[Migration]:
    """The migrations that packages carry in their `sql` folder, each package's in the order of their numbers."""
    for package in packages:
        folder = files(package).joinpath("sql")
        if not folder.is_dir():
            continue  # a service may need no tables of its own
        for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if file.name.endswith(".sql"):
                yield Migration(f"{package}/{file.name}", file.read_text("utf-8"))


async def migrate(owner_url: str, service: Service, package: str, *, password: str) -> list[str]:
    """Bring a service's schema up to date; gives the names of the migrations it applied.

    Makes schema and role where they lack, sets the role's password, installs the heads of the streams the service
    writes and the journal's next months.

    Raises:
        BadMigration: an applied migration has been edited since, or one does not run.
        TopicMismatch: a topic was installed with another number of partitions.
    """
    connection = await asyncpg.connect(owner_url, timeout=10)
    try:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        await _make_role(connection, service, password)
        applied = await _apply(connection, service, package)
        await make_months(connection, datetime.now(UTC))
        await _install_heads(connection, service)
        return applied
    finally:
        await connection.close()


async def _make_role(connection: "asyncpg.Connection[Any]", service: Service, password: str) -> None:
    role, schema = role_of(service), schema_of(service)
    for name, may in ((role, "login"), (caller_role_of(service), "nologin")):
        if not await connection.fetchval("select 1 from pg_roles where rolname = $1", name):
            await connection.execute(f"create role {name} {may}")
    await connection.execute(f"grant {caller_role_of(service)} to {role}")
    # Utility statements take no parameters; format() quotes the literal.
    await connection.execute(
        await connection.fetchval(
            "select format('alter role %I login password %L', $1::text, $2::text)", role, password
        )
    )
    await connection.execute(f"create schema if not exists {schema}")
    await connection.execute(f"set search_path to {schema}")
    await connection.execute(
        "create table if not exists migration"
        " (name text primary key, digest text not null, applied_at timestamptz not null)"
    )


async def _apply(connection: "asyncpg.Connection[Any]", service: Service, package: str) -> list[str]:
    role, schema = role_of(service), schema_of(service)
    done = dict(await connection.fetch("select name, digest from migration"))
    applied: list[str] = []
    for migration in migrations_of("nsw_runtime", package):
        if migration.name in done:
            if done[migration.name] != migration.digest:
                raise BadMigration(
                    f"{schema}: {migration.name} was applied and has been edited since; put it back and add a new file"
                )
            continue
        try:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "insert into migration values ($1, $2, now())", migration.name, migration.digest
                )
        except asyncpg.PostgresError as error:
            raise BadMigration(f"{schema}: {migration.name} does not run: {error}") from error
        applied.append(migration.name)
    await connection.execute(
        f"grant usage on schema {schema} to {role};"
        f"grant select, insert, update, delete on all tables in schema {schema} to {role};"
        f"grant usage, select, update on all sequences in schema {schema} to {role};"
        f"grant execute on all functions in schema {schema} to {role};"
        f"revoke all on table migration from {role};"
        f"revoke execute on all functions in schema {schema} from public"
    )
    await _grant_callers(connection, service)
    return applied


async def _grant_callers(connection: "asyncpg.Connection[Any]", service: Service) -> None:
    caller, schema = caller_role_of(service), schema_of(service)
    tables = [row["relname"] for row in await connection.fetch(_TENANTS_TABLES, schema)]
    await connection.execute(
        f"revoke all on all tables in schema {schema} from {caller}; grant usage on schema {schema} to {caller}"
    )
    for name in tables:
        await connection.execute(f"grant select on {name} to {caller}")


async def _install_heads(connection: "asyncpg.Connection[Any]", service: Service) -> None:
    topics = written_by(service)
    await connection.execute(_INSTALL_HEADS, [t.name for t in topics], [t.partitions for t in topics])
    installed = dict(await connection.fetch("select topic, count(*)::int from stream_head group by topic"))
    for topic in topics:
        if installed[topic.name] != topic.partitions:
            raise TopicMismatch(
                f"{topic.name} was installed with {installed[topic.name]} partitions and the contract now says "
                f"{topic.partitions}: a topic's partitions are fixed; make a new version of the topic instead"
            )
