"""The ministry adapter's composition root."""

from collections.abc import Sequence

import aiohttp
from nsw_runtime.server import run
from nsw_runtime.service import ServiceBase
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from nsw_ministry_adapter.settings import AdapterSettings, read_agencies
from nsw_ministry_adapter.subscribers import subscribe
from nsw_ministry_adapter.transport import AgencyTransport


def build(settings: AdapterSettings) -> Starlette:
    """The ministry adapter as a Starlette application."""
    agencies = read_agencies(settings.agencies_file)
    service = ServiceBase("ministry-adapter", settings)
    sessions: list[aiohttp.ClientSession] = []

    async def parts() -> Sequence[BaseRoute]:
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, limit_per_host=0))
        sessions.append(session)
        subscribe(service, agencies)
        service.send(AgencyTransport(agencies, session, service.telemetry))
        return ()

    async def closing() -> None:
        for session in sessions:
            await session.close()

    return service.application(parts, closing=closing)


def main() -> None:
    """Run the ministry adapter."""
    run(AdapterSettings, build)
