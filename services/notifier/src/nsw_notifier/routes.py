"""The notifier's HTTP for subscriptions: made singly or many at a time, listed, changed, paused, tested, removed."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from nsw_contracts.parts import TaxCode
from nsw_runtime import intents
from nsw_runtime.bodies import read_body
from nsw_runtime.database import on_behalf_of
from nsw_runtime.identity import caller_of, guarded, require_acting
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from nsw_notifier import errors, signals, store, trying
from nsw_notifier.doors import Doors, asked
from nsw_notifier.endpoints import Answer, Endpoints
from nsw_notifier.settings import NotifierSettings
from nsw_notifier.subscription import Change, Subscription, SubscriptionRequest, challenge, place_of
from nsw_notifier.webhook import TEST_TYPE, control_json, sign

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
LINES: Final = 5_000
BODY_BYTES: Final = 8 * 1024 * 1024
SMALL_BODY: Final = 64 * 1024
_TAX_CODE: Final[TypeAdapter[str]] = TypeAdapter(TaxCode)
_ONE: Final = "/v1/subscriptions/{subscription}"
_AGAIN: Final = {"webhook": timedelta(seconds=1), "email": timedelta(minutes=10)}
"""How soon a challenge may be asked for again: nobody's mailbox is filled from here."""


class Routes:
    """The handlers, over one pool."""

    def __init__(self, *, doors: Doors, settings: NotifierSettings, endpoints: Endpoints) -> None:
        self._doors = doors
        self._pool = doors.pool
        self._clock = doors.clock
        self._settings = settings
        self._endpoints = endpoints
        self._overlap = timedelta(hours=settings.secret_overlap_hours)

    def routes(self) -> list[BaseRoute]:
        """The routes."""
        return [
            guarded("/v1/subscriptions", self.subscribe, methods=["POST"], access="declarant"),
            guarded("/v1/subscriptions", self.list, methods=["GET"], access="declarant"),
            guarded(_ONE, self.show, methods=["GET"], access="declarant"),
            guarded(_ONE, self.change, methods=["PATCH"], access="declarant"),
            guarded(_ONE, self.remove, methods=["DELETE"], access="declarant"),
            guarded(f"{_ONE}/pause", self.pause, methods=["POST"], access="declarant"),
            guarded(f"{_ONE}/resume", self.resume, methods=["POST"], access="declarant"),
            guarded(f"{_ONE}/verify", self.verify, methods=["POST"], access="declarant"),
            guarded(f"{_ONE}/secret", self.rotate, methods=["POST"], access="declarant"),
            guarded(f"{_ONE}/test", self.test, methods=["POST"], access="declarant"),
        ]

    async def subscribe(self, request: Request) -> Response:
        """`POST /v1/subscriptions`: JSON for one, NDJSON for many.

        Of many all are put in force, or none; a line for each says its id and its secret. One that there is already
        keeps its id and gets a new secret. Secrets are shown here and nowhere again.
        """
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == JSON:
            return await self._subscribe_one(request)
        body = await read_body(request, BODY_BYTES)
        lines = [line for line in body.split(b"\n") if line.strip()]
        if len(lines) > LINES:
            raise errors.too_many_lines(LINES)
        wanted = [self._read(line, f"line {number}: ") for number, line in enumerate(lines, 1)]
        for one in wanted:
            require_acting(caller_of(request), one.declarant, "/declarant")
        saved = await self._save(wanted)
        answers = []
        for one in wanted:
            made = saved[one.declarant, one.address]
            said = {"id": made.id, "declarant": one.declarant, "secret": made.secret, "state": made.state}
            answers.append(json.dumps(said) + "\n")
        return Response("".join(answers), media_type=NDJSON)

    async def _subscribe_one(self, request: Request) -> Response:
        wanted = self._read(await read_body(request, SMALL_BODY), "")
        require_acting(caller_of(request), wanted.declarant, "/declarant")
        async with self._doors.reaching(), on_behalf_of(self._pool, wanted.declarant) as connection:
            for one in await store.of_declarant(connection, wanted.declarant):
                if one.address == wanted.address:
                    raise errors.exists(one.id)
        made = (await self._save([wanted]))[wanted.declarant, wanted.address]
        secret = {"secret": made.secret} if made.kind == "webhook" else {}
        return JSONResponse(
            made.shown() | secret, status_code=201, headers={"location": f"/v1/subscriptions/{made.id}"}
        )

    def _read(self, line: bytes, where: str) -> SubscriptionRequest:
        try:
            found = SubscriptionRequest.model_validate_json(line)
        except ValidationError as error:
            raise errors.invalid(errors.found_wrong(error, where)) from None
        if found.kind == "email" and not self._settings.smtp_host:
            raise errors.no_mail(where)
        return found

    async def _save(self, wanted: Sequence[SubscriptionRequest]) -> dict[tuple[str, str], Subscription]:
        now = self._clock()
        async with self._doors.reaching(), self._pool.acquire() as connection, connection.transaction():
            saved = await store.save(
                connection, [(one, *self._first_state(one)) for one in wanted], now, now + self._overlap
            )
            if await store.too_many(connection, (one.declarant for one in wanted)):
                raise errors.too_many(store.MOST)
            unverified = [one for one in saved.values() if one.state == "unverified"]
            if unverified:
                await intents.add(connection, [challenge(one) for one in unverified], now)
            await signals.tell_changed(connection, [one.id for one in saved.values() if one.previous is not None])
        return saved

    def _first_state(self, wanted: SubscriptionRequest) -> tuple[str, str]:
        """Verified before use, but for the live stream, which its business opens, and a test bench's endpoints."""
        if wanted.kind == "stream":
            return "active", ""
        if wanted.kind == "webhook" and place_of(wanted.address)[1] in self._settings.webhook_trusted:
            return "active", ""
        if wanted.kind == "email":
            return "unverified", "the link in the message to this address has not been confirmed yet"
        return "unverified", "the endpoint has not answered its challenge yet"

    async def list(self, request: Request) -> Response:
        """`GET /v1/subscriptions?declarant=TAXCODE`: every subscription of a business."""
        declarant = asked(request, "declarant")
        try:
            _TAX_CODE.validate_python(declarant)
        except ValidationError as error:
            raise errors.invalid(errors.found_wrong(error)) from None
        require_acting(caller_of(request), declarant, "/declarant")
        async with self._doors.reaching(), on_behalf_of(self._pool, declarant) as connection:
            found = await store.of_declarant(connection, declarant)
        return JSONResponse({"subscriptions": [one.shown() for one in found]})

    async def show(self, request: Request) -> Response:
        """`GET …/ID`: one subscription, and how many events wait for it."""
        async with self._doors.of(request) as (found, connection):
            waits = await store.waiting(connection, found.id)
        return JSONResponse(found.shown() | waits)

    async def change(self, request: Request) -> Response:
        """`PATCH …/ID`: change filters, delivery, rate or language. Another address is another subscription."""
        body = await read_body(request, SMALL_BODY)
        try:
            wishes = Change.model_validate_json(body)
        except ValidationError as error:
            raise errors.invalid(errors.found_wrong(error)) from None
        async with self._doors.of(request) as (found, connection):
            changed = await store.change(connection, found.id, wishes.model_dump(exclude_none=True))
            await signals.tell_changed(connection, [found.id])
        return self._shown(changed)

    async def remove(self, request: Request) -> Response:
        """`DELETE …/ID`: it hears nothing any more, nor what waits for it."""
        async with self._doors.of(request) as (found, connection):
            await store.remove(connection, found.id)
            await signals.tell_changed(connection, [found.id])
        return Response(status_code=204)

    async def pause(self, request: Request) -> Response:
        """`POST …/pause`: what comes for it waits."""
        return await self._move(request, "paused", ["active", "disabled"])

    async def resume(self, request: Request) -> Response:
        """`POST …/resume`: what waited goes out, and what was put aside is tried again."""
        return await self._move(request, "active", ["paused", "disabled", "active"])

    async def _move(self, request: Request, state: str, when: Sequence[str]) -> Response:
        async with self._doors.of(request) as (found, connection):
            moved = await store.set_state(connection, found.id, state, "", when=when)
            if moved is None:
                raise errors.not_now(found.state, " or ".join(when))
            if state == "active":
                await store.release(connection, found.id)
            await signals.tell_changed(connection, [found.id])
        return self._shown(moved)

    async def verify(self, request: Request) -> Response:
        """`POST …/verify`: send the challenge, or the confirmation, once more."""
        async with self._doors.of(request) as (found, connection):
            if found.state != "unverified":
                raise errors.not_now(found.state, "unverified")
            now = self._clock()
            if not await store.may_ask(connection, found.id, now, now - _AGAIN[found.kind]):
                raise errors.asked_lately(_AGAIN[found.kind])
            await intents.add(connection, [challenge(found)], now)
            await signals.tell_changed(connection, [found.id])
        return JSONResponse(found.shown(), status_code=202)

    async def rotate(self, request: Request) -> Response:
        """`POST …/secret`: a new secret, shown now; the one before signs beside it for a while."""
        async with self._doors.of(request) as (found, connection):
            if found.kind != "webhook":
                raise errors.not_now(f"of kind {found.kind}", "a webhook")
            changed = await store.rotate(connection, found.id, self._clock() + self._overlap)
            await signals.tell_changed(connection, [found.id])
        return self._shown(changed, {"secret": changed.secret} if changed else {})

    async def test(self, request: Request) -> Response:
        """`POST …/test`: send a test webhook now, and say what the endpoint answered: its status alone."""
        async with self._doors.of(request) as (found, _):
            pass
        if found.kind != "webhook" or found.state == "unverified":
            raise errors.not_now(f"{found.state}, of kind {found.kind}", "a webhook that has been verified")
        now, message_id = self._clock(), uuid4().hex
        body = control_json(TEST_TYPE, now, {"subscription": found.id})
        headers = sign(found.secrets(now), message_id, now, body) | {"content-type": JSON}
        said = await self._endpoints.post(found.address, headers, body)
        taken = isinstance(said, Answer) and said.taken
        told = {
            "message_id": message_id,
            "status": "delivered" if taken else "failed",
            "answer": said.status if isinstance(said, Answer) else None,
            "error": "" if taken else trying.reason(said),
            "took_ms": said.took_ms,
        }
        return JSONResponse(told)

    def _shown(self, found: Subscription | None, more: Mapping[str, Any] | None = None) -> Response:
        if found is None:
            raise errors.not_found()
        return JSONResponse(found.shown() | dict(more or {}))
