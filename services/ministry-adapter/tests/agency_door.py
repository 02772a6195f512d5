"""A small agency on loopback, whose every answer the test writes, and deliveries to send there."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from aiohttp import web
from nsw_contracts.adapter import HttpSettings
from nsw_contracts.adapter.conformance.given import Given
from nsw_ministry_adapter.circuit import Circuit
from nsw_ministry_adapter.hosting import Hosted
from nsw_ministry_adapter.pace import Pace
from nsw_ministry_adapter.rest_json.adapter import RestJson
from nsw_ministry_adapter.rest_json.settings import RestJsonSettings
from nsw_ministry_adapter.settings import AgencySettings
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
    known: dict[str, dict[str, Any]] = field(default_factory=dict)  # what it answers when it is asked by message id
    asked: list[str] = field(default_factory=list)
    asking: web.Response | Literal["as known"] | None = "as known"  # None: it never answers
    early: dict[str, datetime] = field(default_factory=dict)
    paused: bool = False
    drops_repeats: bool = True
    circuit: Circuit = field(default_factory=lambda: Circuit([1.0, 10.0], 3))

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if request.method == "GET":
                return await self._ask(request.path.rpartition("/")[2])
            body = json.loads(await request.read())
            self.requests.append((request.path, body))
            self.headers = {name.lower(): value for name, value in request.headers.items()}
            return await self.answering(request, body)
        finally:
            self.at_once -= 1

    async def _ask(self, message_id: str) -> web.StreamResponse:
        self.asked.append(message_id)
        if self.asking is None:
            await asyncio.Event().wait()
        if isinstance(self.asking, web.Response):
            return web.Response(status=self.asking.status, text=self.asking.text)
        known = self.known.get(message_id)
        return web.json_response(known or {"message_id": message_id}, status=200 if known else 404)

    @asynccontextmanager
    async def transport(
        self,
        *,
        batch: int = 500,
        timeout_seconds: float = 10,
        telemetry: Telemetry | None = None,
        largest: int = 1 << 24,
    ) -> AsyncIterator[AgencyTransport]:
        """The host's transport, with this agency and no other."""
        http = HttpSettings(timeout_seconds=timeout_seconds, largest_answer=largest, plain_loopback=True)
        settings = RestJsonSettings(url=self.url, batch=batch, signatures="none")
        adapter = RestJson(Given("BYTE", http, {}).context, settings)
        adapter.capabilities = adapter.capabilities.model_copy(update={"drops_repeats": self.drops_repeats})
        agency = AgencySettings(code="BYTE", adapter="rest-json", http=http)
        hosted = Hosted("BYTE", agency, adapter, self.circuit, Pace(None))
        service = ServiceSettings(database_url="-", kafka_bootstrap_servers="-", http_port=1)
        await adapter.open()
        try:
            yield AgencyTransport(
                {"BYTE": hosted},
                lambda _: self.paused,
                self._early,
                telemetry or Telemetry("ministry-adapter", service),
            )
        finally:
            await adapter.close()

    async def _early(self, _: str, message_ids: Sequence[str]) -> dict[str, datetime]:
        return {each: self.early[each] for each in message_ids if each in self.early}


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
