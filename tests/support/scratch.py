"""Fresh databases with every service's schema, made from a template in some tens of milliseconds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
from nsw_cli.install import PACKAGES
from nsw_contracts.topics import SERVICES, Service
from nsw_runtime.database import Connection, Pool, connect, open_pool, role_of, schema_of
from nsw_runtime.migrations import migrate

TODAY = date(2026, 3, 2)
"""The day on which contract tests write: the journal has a partition for its month."""


@dataclass(frozen=True)
class Database:
    """One database of the session's Postgres; `url` is its owner's."""

    url: str
    password: str

    def service_url(self, service: Service) -> str:
        """As one service's own role sees it."""
        parts = urlsplit(self.url)
        place = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{role_of(service)}:{self.password}@{place}"))

    @asynccontextmanager
    async def connection(self, service: Service) -> AsyncIterator[Connection]:
        """A connection in a service's schema and role."""
        connection = await connect(self.service_url(service), service)
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def pool(self, service: Service) -> AsyncIterator[Pool]:
        """A pool in a service's schema and role."""
        pool = await open_pool(self.service_url(service), service)
        try:
            yield pool
        finally:
            await pool.close()

    @asynccontextmanager
    async def owner(self) -> AsyncIterator["asyncpg.Connection"]:
        """A connection as the owner."""
        connection = await asyncpg.connect(self.url)
        try:
            yield connection
        finally:
            await connection.close()


def _named(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def make_empty(owner_url: str, password: str) -> Database:
    """A database with nothing in it."""
    return await _made(owner_url, password, "")


async def _made(owner_url: str, password: str, how: str) -> Database:
    name = f"scratch_{uuid4().hex[:10]}"
    connection = await asyncpg.connect(_named(owner_url, "postgres"))  # a template must have no session
    try:
        await connection.execute(f"create database {name} {how}")
    finally:
        await connection.close()
    return Database(_named(owner_url, name), password)


async def make_template(owner_url: str) -> Database:
    """A database with every service's schema, to be copied. Roles are the server's, so the password is too."""
    template = await make_empty(owner_url, password=uuid4().hex)
    for service in SERVICES:
        await migrate(template.url, service, PACKAGES[service], password=template.password)
    async with template.owner() as owner:
        for service in SERVICES:
            await owner.execute(f"select {schema_of(service)}.ensure_journal_months($1, 0)", TODAY)
    return template


@asynccontextmanager
async def copied(template: Database) -> AsyncIterator[Database]:
    """A copy of the template. Whatever is still connected to it afterwards is sent away.

    It is not dropped: it has 600 files, and a file system that has just removed many of them is slow to make new ones
    (ext4 passes over their inodes for half a minute), so that a copy took ten times as long.
    """
    copy = await _made(template.url, template.password, f"template {urlsplit(template.url).path[1:]}")
    try:
        yield copy
    finally:
        async with copy.owner() as owner:
            await owner.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
