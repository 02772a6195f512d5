"""A small business on loopback that keeps what it is sent and answers as it is told, by HTTP or TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Hooks:
    """`answers` are the statuses of the next requests, then 200; `received` are headers and bodies, in order.

    `hang`: it takes requests and never answers. `body` goes with every answer, `headers` too.
    """

    url: str = ""
    answers: list[int] = field(default_factory=list)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    hang: bool = False
    drip: bool = False
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    refuses: set[str] = field(default_factory=set)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        content = await request.read()
        self.received.append((headers, content))
        if self.hang:
            await asyncio.sleep(3600)
        status = self.answers.pop(0) if self.answers else 200
        if any(part.encode() in content for part in self.refuses):
            status = 422
        sent = self.headers | ({"location": self.url} if status in {301, 302, 307} else {})
        if self.drip:
            response = web.StreamResponse(status=status, headers=sent)
            await response.prepare(request)
            while True:
                await response.write(b".")
                await asyncio.sleep(0.2)
        return web.Response(status=status, headers=sent, body=self.body)


@asynccontextmanager
async def open_hooks(context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[Hooks]:
    hooks = Hooks()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hooks.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, 0, ssl_context=context).start()
    bound, port = runner.addresses[0][:2]
    hooks.url = f"{'https' if context else 'http'}://{bound}:{port}/hooks/1"
    try:
        yield hooks
    finally:
        await runner.cleanup()
