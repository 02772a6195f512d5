"""Simulators as real processes, and a toy window between them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import aiohttp
import pytest
import toy_window
from aiohttp import web
from nsw_benchmarks.simulators import SimulatorProcess, running
from toy_window import Window


@pytest.fixture(scope="session")
def agency_process() -> Iterator[SimulatorProcess]:
    with running("agency") as process:
        yield process


@pytest.fixture(scope="session")
def business_process() -> Iterator[SimulatorProcess]:
    with running("business") as process:
        yield process


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def agencies(agency_process: SimulatorProcess, client: aiohttp.ClientSession) -> str:
    await client.post(f"{agency_process.url}/reset", raise_for_status=True)
    return agency_process.url


@pytest.fixture
async def businesses(business_process: SimulatorProcess, client: aiohttp.ClientSession) -> str:
    await client.post(f"{business_process.url}/reset", raise_for_status=True)
    return business_process.url


@pytest.fixture
def signed() -> Callable[..., dict[str, str]]:
    return toy_window.signed


@pytest.fixture
async def window(agencies: str, client: aiohttp.ClientSession) -> AsyncIterator[Window]:
    toy = Window(agencies, client)
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v1/subscriptions", toy.subscribe)
    app.router.add_post("/v1/dossiers/bulk", toy.file)
    app.router.add_get("/metrics", toy.metrics)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    toy.url = f"http://{host}:{port}"
    working = asyncio.create_task(toy.work())
    yield toy
    working.cancel()
    await asyncio.wait([working])
    assert working.cancelled(), "the toy itself failed"
    await runner.cleanup()
