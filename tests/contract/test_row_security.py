"""Behind the checks stands Postgres: whose rows a session may see is told it in its transaction, or it sees none.

The tables are enumerated from the installed schemas, so a new one fails here until it has a policy, or is listed as
holding nothing that belongs to a business or an agency.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from nsw_contracts.topics import SERVICES, Service
from nsw_runtime.database import (
    Connection,
    caller_role_of,
    connect,
    on_behalf_of,
    open_callers_pool,
    role_of,
    schema_of,
)
from support.scratch import Database

A, B = "0100109106", "0101234567"

UNREACHABLE = {"journal", "intent"}
"""They hold businesses' rows and have no policy, because COPY would not write them: no caller's role has a privilege on
them (docs/architecture/identity.md)."""

NOBODYS = {
    "migration", "stream_head", "adopted", "progress", "registration_clock",  # every service's machinery
    "routing.goods_record", "routing.inspection_secret",  # what is known of goods, whoever imports them
}  # fmt: skip
"""They hold nothing of any business or agency."""

EACH = pytest.mark.parametrize("service", SERVICES)

_TABLES = """
select c.relname as name, c.relrowsecurity as secured,
    exists (select from pg_policy p where p.polrelid = c.oid) as policy
from pg_class c where c.relnamespace = $1::text::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
order by 1
"""
_CHECKS = """
select conname as name, conrelid::regclass::text as of from pg_constraint
where contype = 'c' and connamespace = $1::text::regnamespace and conrelid <> 0
"""
_COLUMNS = """
select a.attname as name, format_type(a.atttypid, null) as type from pg_attribute a
where a.attrelid = $1::text::regclass and a.attnum > 0 and not a.attisdropped and a.attnotnull and not a.atthasdef
and a.attidentity = '' order by a.attnum
"""
_VALUES = {"boolean": "f", "jsonb": "{}", "bytea": "\\x00", "timestamp with time zone": "2026-03-02T00:00:00Z"}


async def tables(database: Database, service: Service) -> list[Any]:
    async with database.owner() as owner:
        return list(await owner.fetch(_TABLES, schema_of(service)))


def listed(service: Service, table: str, among: set[str]) -> bool:
    return table in among or f"{schema_of(service)}.{table}" in among


async def fill(owner: "asyncpg.Connection", service: Service, table: str) -> str | None:
    """A row of A's and one of B's, of whatever the table holds; the column that says whose they are, if any."""
    columns = {row["name"]: row["type"] for row in await owner.fetch(_COLUMNS, f"{schema_of(service)}.{table}")}
    whose = next((name for name in ("declarant", "agency") if name in columns), None)
    for tenant in (A, B):
        values = [tenant if name == whose else _value(kind, tenant) for name, kind in columns.items()]
        marks = ", ".join(f"${index}::text::{kind}" for index, kind in enumerate(columns.values(), 1))
        await owner.execute(
            f"insert into {schema_of(service)}.{table} ({', '.join(columns)}) values ({marks})", *values
        )
    return whose


def _value(kind: str, tenant: str) -> str:
    if kind.endswith("[]"):
        return "{}"
    return {"text": tenant, "bigint": tenant, "integer": str(int(tenant) % 999)}.get(kind) or _VALUES[kind]


@asynccontextmanager
async def filled(database: Database, service: Service) -> AsyncIterator[dict[str, str | None]]:
    """Every table with a policy, with two tenants' rows; by the column that says whose."""
    secured = [row["name"] for row in await tables(database, service) if row["secured"]]
    async with database.owner() as owner:
        await owner.execute("set session_replication_role = replica")  # the rows refer to nothing
        for row in await owner.fetch(_CHECKS, schema_of(service)):
            await owner.execute(f"alter table {row['of']} drop constraint {row['name']}")  # and are of no kind
        yield {name: await fill(owner, service, name) for name in secured}


async def seen(connection: Connection, table: str, whose: str | None) -> set[str] | None:
    """Whose rows a session sees; None where it may not look at all."""
    try:
        async with connection.transaction():
            return {row[0] for row in await connection.fetch(f"select {whose or 'null'}::text from {table}")}
    except asyncpg.InsufficientPrivilegeError:
        return None


@EACH
async def test_every_table_has_a_policy_or_is_known_to_hold_nobody_s_rows(database: Database, service: Service) -> None:
    for table in await tables(database, service):
        name = table["name"]
        known = listed(service, name, NOBODYS) or name in UNREACHABLE
        assert table["secured"] is table["policy"] is not known, f"{service}: {name} needs a policy, or to be listed"


@EACH
async def test_a_session_that_was_told_no_tenant_sees_nothing(database: Database, service: Service) -> None:
    async with filled(database, service) as secured:
        assert secured
        own = await connect(database.service_url(service), service, **{"nsw.tenant": ""})
        pool = await open_callers_pool(database.service_url(service), service)
        try:
            async with pool.acquire() as caller:
                for table, whose in secured.items():
                    assert await seen(own, table, whose) == set(), table
                    assert await seen(caller, table, whose) == (set() if whose else None), table
        finally:
            await own.close()
            await pool.close()


@EACH
async def test_on_behalf_of_one_nothing_of_another_is_seen_in_any_table(database: Database, service: Service) -> None:
    async with filled(database, service) as secured, database.pool(service) as platform:
        callers = await open_callers_pool(database.service_url(service), service)
        try:
            for pool in (callers, platform):
                async with on_behalf_of(pool, A) as connection:
                    for table, whose in secured.items():
                        mine = await seen(connection, table, whose)
                        assert mine == ({A} if whose else None if pool is callers else set()), table
            async with platform.acquire() as connection:  # told no tenant any more: it was the transaction that was
                for table, whose in secured.items():
                    if whose:
                        assert await seen(connection, table, whose) == {A, B}, table
            async with callers.acquire() as connection:
                others = [row["name"] for row in await tables(database, service) if not row["secured"]]
                for table in others:
                    assert await seen(connection, table, None) is None, table
        finally:
            await callers.close()


@EACH
async def test_a_caller_s_session_writes_nothing_and_cannot_become_the_platform(
    database: Database, service: Service
) -> None:
    async with filled(database, service) as secured:
        pool = await open_callers_pool(database.service_url(service), service)
        try:
            async with on_behalf_of(pool, A) as connection:
                for table in secured:
                    for statement in (f"delete from {table}", f"insert into {table} default values"):
                        with pytest.raises(asyncpg.InsufficientPrivilegeError):
                            async with connection.transaction():
                                await connection.execute(statement)
        finally:
            await pool.close()


@EACH
async def test_a_service_s_roles_own_nothing_and_pass_by_no_policy(database: Database, service: Service) -> None:
    roles = [role_of(service), caller_role_of(service)]
    async with database.owner() as owner:
        rows = await owner.fetch(
            "select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication as mighty, rolcanlogin "
            "from pg_roles where rolname = any($1) order by rolname",
            roles,
        )
        assert [tuple(row) for row in rows] == [(False, True), (False, False)]
        owned = await owner.fetchval(
            "select count(*) from pg_shdepend d join pg_roles r on r.oid = d.refobjid "
            "where r.rolname = any($1) and d.deptype = 'o'",
            roles,
        )
        assert owned == 0


@EACH
async def test_a_service_reaches_no_other_schema(database: Database, service: Service) -> None:
    async with database.connection(service) as connection:
        for other in SERVICES:
            if other == service:
                continue
            for table in await tables(database, other):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetch(f"select from {schema_of(other)}.{table['name']}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("create table mine ()")
        for role in ("postgres", caller_role_of("intake" if service != "intake" else "routing")):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"set role {role}")
