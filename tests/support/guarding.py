"""A guarded application over a service's real database, with the test's own issuers and clock."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from nsw_contracts.registration_facts import Role
from nsw_runtime.clock import system_clock
from nsw_runtime.database import Pool
from nsw_runtime.identity import caller_of, guarded, registration_store
from nsw_runtime.identity.authenticator import Authenticator
from nsw_runtime.identity.registration_store import Registration
from nsw_runtime.problems import Problem
from nsw_runtime.settings import ServiceSettings, TrustedIssuer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.provider import AUDIENCE
from support.scratch import Database


async def _me(request: Request) -> Response:
    caller = caller_of(request)
    return JSONResponse({"issuer": caller.issuer, "subject": caller.subject, "rights": sorted(caller.rights)})


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


@dataclass
class Guarded:
    """`/me` for anyone, and a route for each role; `ahead` moves the clock."""

    pool: Pool
    authenticator: Authenticator
    app: Starlette
    client: httpx.AsyncClient
    ahead: timedelta = field(default_factory=timedelta)
    certificate: bytes | None = None

    async def ask(self, token: str | None = None, path: str = "/me", **headers: str) -> tuple[int, Any]:
        """Status and JSON."""
        sent = ({"authorization": f"Bearer {token}"} if token is not None else {}) | headers
        answer = await self.client.get(path, headers=sent)
        return answer.status_code, answer.json()

    async def register(self, issuer: str, subject: str, role: Role, party: str, key: Any = None) -> None:
        text = json.dumps(key.as_dict(private=False), sort_keys=True) if key is not None else ""
        async with self.pool.acquire() as connection, connection.transaction():
            one = Registration(issuer, subject, role, party, text)
            await registration_store.register(connection, [one], system_clock())
        await self.authenticator.registrations.refresh()

    async def revoke(self, issuer: str, subject: str) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await registration_store.revoke(connection, issuer, subject, None, None, system_clock())
        await self.authenticator.registrations.refresh()


@asynccontextmanager
async def guarding(database: Database, *issuers: str, environment: str = "development") -> AsyncIterator[Guarded]:
    """The application, asked over ASGI; keys are fetched over HTTP."""
    settings = ServiceSettings(
        database_url=database.service_url("notifier"),
        kafka_bootstrap_servers="unused",
        http_port=1,
        environment=environment,  # type: ignore[arg-type]
        issuers=tuple(TrustedIssuer(issuer=issuer, audience=AUDIENCE) for issuer in issuers),
    )
    found: Guarded

    def clock() -> datetime:
        return system_clock() + found.ahead

    async def with_certificate(scope: Any, receive: Any, send: Any) -> None:
        tls = {"tls": {"peer_certificate": found.certificate}} if found.certificate else {}
        await app({**scope, "extensions": tls}, receive, send)

    authenticator = Authenticator(settings, clock)
    accesses = ("declarant", "agency", "operator", "anyone", "public")
    app = Starlette(
        routes=[
            guarded("/me", _me, methods=["GET"], access="anyone"),
            *(guarded(f"/{access}", _nothing, methods=["GET"], access=access) for access in accesses),
        ],
        exception_handlers={Problem: _problem},
    )
    app.state.authenticator = authenticator
    async with (
        database.pool("notifier") as pool,
        httpx.AsyncClient(transport=httpx.ASGITransport(with_certificate), base_url="http://window") as client,
    ):
        found = Guarded(pool, authenticator, app, client)
        authenticator.open(pool)
        running = asyncio.create_task(authenticator.run())
        try:
            yield found
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def _nothing(_: Request) -> Response:
    return JSONResponse({})
