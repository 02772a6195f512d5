"""The officers' HTTP, under `/v1/agencies/{agency}/desk/dossiers`: the queue, one dossier, and what is done with it.

Officers of the agency alone: to others the desk, and every dossier on it, looks like one that does not exist.
"""

import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

import asyncpg
from nsw_contracts.content import content_of
from nsw_contracts.lifecycle import Status
from nsw_runtime.bodies import read_body
from nsw_runtime.clock import Clock
from nsw_runtime.database import UNAVAILABLE, Connection, Pool, on_behalf_of
from nsw_runtime.identity import caller_of, guarded
from nsw_runtime.problems import Problem, unavailable
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from nsw_ministry_adapter.desk import deciding, errors, store
from nsw_ministry_adapter.desk.deciding import DecisionBody, Judgement
from nsw_ministry_adapter.desk.item import Item, may_say
from nsw_ministry_adapter.desk.store import Decision, Told, Wanted

DESK: Final = "/v1/agencies/{agency}/desk/dossiers"
BODY_BYTES: Final = 64 * 1024
KEY_HEADER: Final = "Idempotency-Key"
KEY_CHARACTERS: Final = 255
T = TypeVar("T")


class QueueQuery(BaseModel):
    """The queue's parameters. `due_before` finds what is, or soon will be, late; `mine` what the caller has taken.

    `ended`: what is over or decided, in place of what waits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Status | None = None
    procedure: Annotated[str, Field(max_length=20)] | None = None
    due_before: AwareDatetime | None = None
    mine: bool = False
    ended: bool = False
    after: Annotated[str, Field(max_length=12)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class DeskRoutes:
    """The handlers, over the desks of this process."""

    def __init__(self, desks: Collection[str], pool: Pool, callers: Pool, clock: Clock) -> None:
        self._desks = desks
        self._pool = pool
        self._callers = callers
        self._clock = clock

    def routes(self) -> Sequence[BaseRoute]:
        """All of them."""
        one = f"{DESK}/{{number}}"
        return [
            guarded(DESK, self.queue, methods=["GET"], access="agency"),
            guarded(one, self.show, methods=["GET"], access="agency"),
            guarded(f"{one}/take", self.take, methods=["POST"], access="agency"),
            guarded(f"{one}/release", self.release, methods=["POST"], access="agency"),
            guarded(f"{one}/decisions", self.decide, methods=["POST"], access="agency"),
            guarded(f"{one}/decisions/{{decision}}/judgement", self.judge, methods=["POST"], access="agency"),
        ]

    async def queue(self, request: Request) -> Response:
        """`GET …/dossiers`: the most urgent first, a page at a time (`after`: the last number of the page before)."""
        agency, officer = self._officer(request)
        try:
            asked = QueueQuery.model_validate(dict(request.query_params))
        except ValidationError as error:
            raise errors.bad_parameters(errors.fields(error)) from None
        wanted = Wanted(
            asked.status,
            asked.procedure,
            officer if asked.mine else None,
            asked.due_before,
            asked.ended,
            asked.after,
            asked.limit,
        )
        items = await self._read(agency, lambda connection: store.queue(connection, agency, wanted))
        return JSONResponse({"dossiers": [_line(item) for item in items]})

    async def show(self, request: Request) -> Response:
        """`GET …/dossiers/{number}`: the dossier whole, what was told and decided, and what may be said now."""
        agency, _ = self._officer(request)
        number = request.path_params["number"]

        async def read(connection: Connection) -> tuple[Item | None, list[Told], list[Decision]]:
            return (
                await store.one(connection, agency, number),
                await store.messages(connection, agency, number),
                await store.decisions(connection, agency, number),
            )

        item, messages, decisions = await self._read(agency, read)
        if item is None:
            raise errors.unknown_dossier()
        return JSONResponse(_whole(item, messages, decisions))

    async def take(self, request: Request) -> Response:
        """`POST …/take`: the caller has it from now on."""
        agency, officer = self._officer(request)
        number, now = request.path_params["number"], self._clock()
        item = await self._write(agency, lambda connection: deciding.take(connection, agency, number, officer, now))
        return JSONResponse(_line(item))

    async def release(self, request: Request) -> Response:
        """`POST …/release`: back to the queue."""
        agency, officer = self._officer(request)
        number = request.path_params["number"]
        item = await self._write(agency, lambda connection: deciding.release(connection, agency, number, officer))
        return JSONResponse(_line(item))

    async def decide(self, request: Request) -> Response:
        """`POST …/decisions`, with an `Idempotency-Key`: `{"kind": "accepted", …}`; 202 and the decision."""
        agency, officer = self._officer(request)
        number, key = request.path_params["number"], request.headers.get(KEY_HEADER, "")
        if not (0 < len(key) <= KEY_CHARACTERS and key.isascii() and key.isprintable()):
            raise Problem(
                400,
                "idempotency-key",
                f"{KEY_HEADER} is missing or not usable",
                f"Send {KEY_HEADER} with 1 to {KEY_CHARACTERS} visible ASCII characters, the same for each try.",
            )
        body, now = deciding.read(DecisionBody, await read_body(request, BODY_BYTES)), self._clock()
        decision = await self._write(
            agency, lambda connection: deciding.decide(connection, agency, number, officer, key, body, now)
        )
        return JSONResponse(_decision(decision), status_code=202)

    async def judge(self, request: Request) -> Response:
        """`POST …/decisions/{id}/judgement`: a second officer agrees, or declines and says why."""
        agency, officer = self._officer(request)
        number, decision_id = request.path_params["number"], request.path_params["decision"]
        judged, now = deciding.read(Judgement, await read_body(request, BODY_BYTES)), self._clock()
        decision = await self._write(
            agency,
            lambda connection: deciding.judge(connection, agency, number, decision_id, officer, judged, now),
        )
        return JSONResponse(_decision(decision))

    def _officer(self, request: Request) -> tuple[str, str]:
        """The desk's agency, and the caller as an officer of it."""
        agency, caller = request.path_params["agency"], caller_of(request)
        if agency not in self._desks or ("officer", agency) not in caller.rights:
            raise errors.unknown_dossier()
        return agency, caller.subject

    async def _read(self, agency: str, work: Callable[[Connection], Awaitable[T]]) -> T:
        return await self._do(self._callers, agency, work)

    async def _write(self, agency: str, work: Callable[[Connection], Awaitable[T]]) -> T:
        return await self._do(self._pool, agency, work)

    async def _do(self, pool: Pool, agency: str, work: Callable[[Connection], Awaitable[T]]) -> T:
        """In one transaction that sees this agency's rows alone."""
        try:
            async with on_behalf_of(pool, agency) as connection:
                return await work(connection)
        except asyncpg.UniqueViolationError:
            raise errors.proposed_already() from None
        except UNAVAILABLE as error:
            raise unavailable("The desk cannot be reached now. Send the same again shortly.") from error


def _line(item: Item) -> dict[str, Any]:
    return {
        "number": item.number,
        "procedure": item.procedure,
        "declarant": item.declarant,
        "role": item.role,
        "status": item.status,
        "request": item.request,
        "arrived_at": item.arrived_at.isoformat(),
        "due_at": _time(item.due_at),
        "officer": item.officer,
        "taken_at": _time(item.taken_at),
        "may_say": list(may_say(item)),
    }


def _whole(item: Item, messages: Sequence[Told], decisions: Sequence[Decision]) -> dict[str, Any]:
    facts = {one.message_id: one.fact for one in messages}
    return _line(item) | {
        "pack_version": item.pack_version,
        "content": json.loads(content_of(facts[item.content])),
        "asked_content": None if item.asked is None else json.loads(content_of(facts[item.asked])),
        "told": [
            {"message_id": one.message_id, "what": one.what, "at": one.told_at.isoformat()} | _why(one.fact)
            for one in messages
        ],
        "decisions": [_decision(one) for one in decisions],
    }


def _why(fact: bytes) -> dict[str, Any]:
    known = json.loads(fact)
    return {name: known[name] for name in ("reason", "about", "status", "outcome", "inspection") if known.get(name)}


def _decision(one: Decision) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "officer": one.officer,
        "decided_at": one.decided_at.isoformat(),
        "state": one.state,
        "second": one.second,
        "judged_at": _time(one.judged_at),
        "reason": one.reason,
        "fact": one.fact,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
