"""Installing on a real Postgres: each migration once, an edited one refused, and roles that own nothing."""

import asyncpg
import pytest
from nsw_cli.install import PACKAGES
from nsw_contracts.topics import SERVICES, Service, written_by
from nsw_runtime.database import role_of, schema_of
from nsw_runtime.errors import BadMigration, TopicMismatch
from nsw_runtime.migrations import migrate, migrations_of
from support.scratch import Database, make_empty


async def test_a_migration_runs_once(template: Database) -> None:
    fresh = await make_empty(template.url, template.password)
    expected = [migration.name for migration in migrations_of("nsw_runtime", "nsw_intake")]
    assert await migrate(fresh.url, "intake", "nsw_intake", password=fresh.password) == expected
    assert await migrate(fresh.url, "intake", "nsw_intake", password=fresh.password) == []


async def test_an_edited_migration_is_refused_by_name(database: Database) -> None:
    async with database.owner() as owner:
        await owner.execute("update intake.migration set digest = 'another' where name = 'nsw_intake/0001_intake.sql'")
    with pytest.raises(BadMigration, match=r"nsw_intake/0001_intake\.sql .* edited"):
        await migrate(database.url, "intake", "nsw_intake", password=database.password)


async def test_a_topics_partitions_are_fixed(database: Database) -> None:
    async with database.owner() as owner:
        await owner.execute("delete from intake.stream_head where partition = 3")
    with pytest.raises(TopicMismatch, match="partitions are fixed"):
        await migrate(database.url, "intake", "nsw_intake", password=database.password)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_has_the_heads_of_the_streams_it_writes(database: Database, service: Service) -> None:
    async with database.connection(service) as connection:
        heads = await connection.fetch("select topic, count(*)::int as partitions from stream_head group by topic")
    assert {row["topic"]: row["partitions"] for row in heads} == {t.name: t.partitions for t in written_by(service)}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_services_role_owns_nothing_and_stands_above_nobody(database: Database, service: Service) -> None:
    async with database.owner() as owner:
        role = await owner.fetchrow("select * from pg_roles where rolname = $1", role_of(service))
        powers = ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication")
        assert [power for power in powers if role[power]] == []
        owned = await owner.fetchval("select count(*) from pg_class where relowner = $1::oid", role["oid"])
        assert owned == 0


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_reaches_no_other_schema_and_not_its_own_design(database: Database, service: Service) -> None:
    async with database.connection(service) as connection:
        assert await connection.fetchval("select count(*) from journal") == 0
        for other in SERVICES:
            if other != service:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetchval(f"select count(*) from {schema_of(other)}.journal")
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(f"select {schema_of(other)}.ensure_journal_months('2030-01-01', 0)")
        for sql in (
            "create table mine()",
            "create table public.mine()",
            "drop table journal",
            "alter table journal add column x int",
            "update migration set digest = ''",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(sql)


async def test_packages_cover_all_services() -> None:
    assert set(PACKAGES) == set(SERVICES)
