"""A small agency on loopback, whose every answer the test writes, and deliveries to send there."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web
from nsw_ministry_adapter.settings import Agency
from nsw_ministry_adapter.transport import AgencyTransport
from nsw_runtime.intents import Pending
from nsw_runtime.settings import ServiceSettings
from nsw_runtime.telemetry import Telemetry

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
RECEIVED = "2026-03-02T09:00:00Z"
Answering = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


def pending(which: int, *, dossier: int | None = None, attempts: int = 0) -> Pending:
    number = f"{which if dossier is None else dossier:012d}"
    body = b'{"number":"%s"}' % number.encode()
    return Pending("BYTE", which, f"{which:032x}", number, body, None, attempts, AT)


def said(one: dict[str, Any], *decisions: dict[str, Any]) -> dict[str, Any]:
    return {"message_id": one["message_id"], "received_at": RECEIVED, "decisions": decisions}


async def taken(_: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    """The answer of an agency that takes everything in."""
    if "deliveries" in body:
        return web.json_response({"answers": [said(one) for one in body["deliveries"]]})
    return web.json_response(said(body))


@dataclass
class AgencyDoor:
    """`answering` may be replaced; `requests` are the paths and bodies that came, `headers` those of the last one."""

    answering: Answering = taken
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    at_once: int = 0
    most_at_once: int = 0
    url: str = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            body = json.loads(await request.read())
            self.requests.append((request.path, body))
            self.headers = {name.lower(): value for name, value in request.headers.items()}
            return await self.answering(request, body)
        finally:
            self.at_once -= 1

    @asynccontextmanager
    async def transport(
        self, *, batch: int = 500, timeout_seconds: float = 10, telemetry: Telemetry | None = None
    ) -> AsyncIterator[AgencyTransport]:
        """The adapter's transport, with this agency and no other."""
        settings = ServiceSettings(database_url="-", kafka_bootstrap_servers="-", http_port=1)
        agency = Agency.model_validate(
            {"code": "BYTE", "url": self.url, "batch": batch, "timeout_seconds": timeout_seconds}
        )
        async with aiohttp.ClientSession() as session:
            yield AgencyTransport([agency], session, telemetry or Telemetry("ministry-adapter", settings))


@asynccontextmanager
async def open_door() -> AsyncIterator[AgencyDoor]:
    door = AgencyDoor()
    app = web.Application(client_max_size=1 << 26)
    app.router.add_route("*", "/{path:.*}", door.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    door.url = f"http://{host}:{port}/agencies/BYTE/"
    try:
        yield door
    finally:
        await runner.cleanup()
