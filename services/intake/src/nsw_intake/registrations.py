"""Registrations: operators say who acts for which business or agency.

A request is had whole or not at all, in one transaction with its facts. What is registered already is no change, and
states nothing.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final, get_args

import asyncpg
from nsw_contracts.envelope import fact_id
from nsw_contracts.events import REGISTERED, REGISTRATION_REVOKED, Registered, RegistrationRevoked
from nsw_contracts.registration_facts import Role
from nsw_contracts.topics import REGISTRATIONS
from nsw_runtime.clock import Clock
from nsw_runtime.database import UNAVAILABLE, Connection, Pool
from nsw_runtime.identity import guarded, registration_store
from nsw_runtime.identity.registration_store import Held, Registration
from nsw_runtime.identity.registrations import Registrations
from nsw_runtime.journal import Entry, append, entry
from nsw_runtime.problems import FieldError, unavailable
from nsw_runtime.relay import Relay
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from nsw_intake.door import require_open
from nsw_intake.errors import bad_parameters, too_large
from nsw_intake.incoming import NDJSON, read_body, require
from nsw_intake.registration_lines import read_lines

BODY_BYTES: Final = 64 * 1024 * 1024
LINES: Final = 100_000
PAGE: Final = 1000
ROLES: Final[tuple[Role, ...]] = get_args(Role)


class RegistrationRoutes:
    """The handlers, over one pool; `registrations` are this process's own view of them."""

    def __init__(self, *, pool: Pool, clock: Clock, relay: Relay, registrations: Registrations) -> None:
        self._pool = pool
        self._clock = clock
        self._relay = relay
        self._registrations = registrations

    def routes(self) -> list[BaseRoute]:
        """The routes."""
        by_method = {"POST": self.register, "GET": self.show, "DELETE": self.revoke}
        return [
            guarded("/v1/registrations", endpoint, methods=[method], access="operator")
            for method, endpoint in by_method.items()
        ]

    async def register(self, request: Request) -> Response:
        """`POST /v1/registrations`: NDJSON, a registration a line; all of them are made, or none."""
        require(request, NDJSON)
        lines = [line for line in (await read_body(request, BODY_BYTES)).split(b"\n") if line.strip()]
        if len(lines) > LINES:
            raise too_large(LINES, "lines")
        wanted = await asyncio.to_thread(read_lines, lines)
        made = await self._commit(wanted) if wanted else 0
        return JSONResponse({"lines": len(lines), "registered": made})

    async def show(self, request: Request) -> Response:
        """`GET /v1/registrations`: those in force as NDJSON, by `issuer`, `subject`, `party`; at most 1,000 at once.

        The header `Link` (rel="next") leads to the next ones.
        """
        asked = _query(request, {"issuer", "subject", "party", "after"})
        after = _after(asked.get("after"))
        try:
            async with self._pool.acquire() as connection:
                found = await registration_store.listed(
                    connection, asked.get("issuer"), asked.get("subject"), asked.get("party"), after, PAGE
                )
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            raise unavailable("The registrations cannot be read now. Try again shortly.") from error
        body = b"".join(_line(held) for held in found)
        headers = {}
        if len(found) == PAGE:
            last = json.dumps(found[-1].registration[:4])
            headers["link"] = f'<{request.url.include_query_params(after=last)}>; rel="next"'
        return Response(body, media_type=NDJSON, headers=headers)

    async def revoke(self, request: Request) -> Response:
        """`DELETE /v1/registrations?issuer=&subject=`: all of a caller's, or those of a `role` or `party`."""
        asked = _query(request, {"issuer", "subject", "role", "party"})
        missing = [name for name in ("issuer", "subject") if not asked.get(name)]
        if missing:
            raise bad_parameters([FieldError(f"/{name}", "name whose registrations to revoke") for name in missing])
        if asked.get("role") not in (None, *ROLES):
            raise bad_parameters([FieldError("/role", f"no such role; there are {', '.join(ROLES)}")])
        await require_open(self._relay, 0, 0)
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                now = self._clock()
                revision, revoked = await registration_store.revoke(
                    connection, asked["issuer"], asked["subject"], asked.get("role"), asked.get("party"), now
                )
                facts = [
                    _entry(
                        REGISTRATION_REVOKED,
                        RegistrationRevoked(
                            issuer=one.issuer, subject=one.subject, role=one.role, party=one.party, revoked_at=now
                        ),
                        revision,
                    )
                    for one in revoked
                ]
                await append(connection, facts, now)
            await self._changed()
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            raise unavailable("The registrations could not be revoked now. Send it again.") from error
        return JSONResponse({"revoked": len(revoked)})

    async def _commit(self, wanted: Sequence[Registration]) -> int:
        await require_open(self._relay, 0, 0)
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                made = await make(connection, wanted, self._clock)
            await self._changed()
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            raise unavailable("The registrations could not be stored now. Send them again.") from error
        return made

    async def _changed(self) -> None:
        """Whoever asks next at this process is known by the new registrations."""
        self._relay.wake()
        await self._registrations.refresh()


async def make(connection: Connection, wanted: Sequence[Registration], clock: Clock) -> int:
    """Put registrations in force with their facts, in the caller's transaction; gives how many were new or changed."""
    now = clock()
    revision, made = await registration_store.register(connection, wanted, now)
    facts = [
        _entry(
            REGISTERED,
            Registered(
                issuer=one.issuer,
                subject=one.subject,
                role=one.role,
                party=one.party,
                registered_at=now,
                public_key=one.public_key,
            ),
            revision,
        )
        for one in made
    ]
    await append(connection, facts, now)
    return len(made)


def _entry(kind: str, fact: Registered | RegistrationRevoked, revision: int) -> Entry:
    cause = f"{fact.issuer}\x1f{fact.subject}\x1f{fact.role}\x1f{fact.party}\x1f{revision}"
    return entry(REGISTRATIONS, kind, fact, fact_id=fact_id(cause, kind), traceparent=None)


def _line(held: Held) -> bytes:
    one = held.registration
    said: dict[str, Any] = {"issuer": one.issuer, "subject": one.subject, "role": one.role, "party": one.party}
    if one.public_key:
        said["public_key"] = json.loads(one.public_key)
    return json.dumps(said | {"registered_at": held.registered_at.isoformat()}).encode() + b"\n"


def _query(request: Request, known: set[str]) -> dict[str, str]:
    asked = dict(request.query_params)
    wrong = [name for name in asked if name not in known or "\x00" in asked[name]]
    if wrong:
        told = ", ".join(sorted(known))
        raise bad_parameters([FieldError(f"/{name}", f"no such parameter; there are {told}") for name in wrong])
    return asked


def _after(text: str | None) -> tuple[str, str, str, str]:
    """The place in the listing from which to go on: what `Link` gave."""
    if text is None:
        return "", "", "", ""
    try:
        issuer, subject, role, party = json.loads(text)
        return str(issuer), str(subject), str(role), str(party)
    except (ValueError, TypeError):
        raise bad_parameters([FieldError("/after", "use the address that the header Link gave")]) from None
