"""The notifier's composition root."""

from collections.abc import Sequence

import aiohttp
from nsw_runtime.server import run
from nsw_runtime.service import ServiceBase
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from nsw_notifier.routes import Routes
from nsw_notifier.settings import NotifierSettings
from nsw_notifier.subscribers import subscribe
from nsw_notifier.transport import WebhookTransport


def build(settings: NotifierSettings) -> Starlette:
    """The notifier as a Starlette application."""
    service = ServiceBase("notifier", settings)
    sessions: list[aiohttp.ClientSession] = []

    async def parts() -> Sequence[BaseRoute]:
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar())
        sessions.append(session)
        transport = WebhookTransport(
            settings=settings, pool=service.pool, session=session, clock=service.clock, telemetry=service.telemetry
        )
        subscribe(service, transport)
        service.send(transport)
        return Routes(pool=service.pool, clock=service.clock).routes()

    async def closing() -> None:
        for session in sessions:
            await session.close()

    return service.application(parts, closing=closing)


def main() -> None:
    """Run the notifier."""
    run(NotifierSettings, build)
