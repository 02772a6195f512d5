"""The real stack and the real system, once a session; a fresh database or a mended system for each test."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import aiohttp
import pytest
from nsw_local import Ports, Settings, Stack
from support import scratch
from support.authority import Authority, authority
from support.live import Live
from support.scratch import Database


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Kafka and Postgres of this session alone."""
    with Stack(tmp_path_factory.mktemp("stack"), Ports.free()) as running:
        running.start()
        yield running


@pytest.fixture(scope="session")
def ca() -> Iterator[Authority]:
    """A certification authority of this session's own."""
    with authority() as one:
        yield one


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Postgres for databases of single tests, by its owner's URL; they go all at once, with it."""
    settings = replace(Settings.from_environment(), database_url=None)
    with Stack(tmp_path_factory.mktemp("databases"), Ports.free(), settings) as server:
        server.start_postgres()
        yield server.database_url
        server.wipe_postgres()


@pytest.fixture(scope="session")
async def template(databases: str) -> Database:
    return await scratch.make_template(databases)


@pytest.fixture
async def database(template: Database) -> AsyncIterator[Database]:
    """A database of this test alone, with every service's schema and nothing in it."""
    async with scratch.copied(template) as fresh:
        yield fresh


@pytest.fixture(scope="session")
async def system(stack: Stack, ca: Authority) -> AsyncIterator[Live]:
    """The whole system, started once. It trusts `ca`."""
    roots = stack.folder / "signing-roots.pem"
    roots.write_text(ca.roots_pem())
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        live = Live(stack, session, NSW_SIGNING_ROOTS=str(roots), NSW_REVOCATION_COUNTS_SECONDS="3600")
        await live.start()
        yield live


@pytest.fixture
async def live(system: Live) -> Live:
    """The system, whole and quiet, whatever the test before did to it."""
    await system.mend()
    return system
