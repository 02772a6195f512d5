"""Intake's HTTP: one dossier, many of them, what is asked for afterwards, and what became of one."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any, Final, cast

from nsw_contracts.lifecycle import Command
from nsw_contracts.number import is_dossier_number
from nsw_procedures.calendar import local_day
from nsw_runtime.clock import Clock
from nsw_runtime.database import UNAVAILABLE, Pool, on_behalf_of
from nsw_runtime.identity import Caller, caller_of, guarded, require_acting
from nsw_runtime.problems import Problem, unavailable
from nsw_runtime.telemetry import Telemetry
from pydantic_core import to_json
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from nsw_intake import store
from nsw_intake.bulk import Line, Result, read_line, result_lines
from nsw_intake.command_door import CommandDoor
from nsw_intake.commands import BODIES, Request
from nsw_intake.door import Door, Submission, submission
from nsw_intake.errors import too_large, unknown_dossier
from nsw_intake.incoming import JSON, NDJSON, Trace, key_of, read_body, require
from nsw_intake.parsing import filed_now, parse_json, valid, valid_content
from nsw_intake.rate_limits import RateLimits
from nsw_intake.settings import IntakeSettings
from nsw_intake.signing.claims import UNSIGNED, Claim, from_header
from nsw_intake.signing.errors import HEADER

COMMAND_PATHS: Final[dict[str, Command]] = {
    "supplements": "supplement",
    "amendments": "amendment",
    "withdrawals": "withdrawal",
    "payments": "payment",
}


class Routes:
    """The handlers, over the doors and one pool."""

    def __init__(
        self,
        *,
        door: Door,
        commands: CommandDoor,
        rates: RateLimits,
        pool: Pool,
        callers: Pool,
        settings: IntakeSettings,
        telemetry: Telemetry,
        clock: Clock,
    ) -> None:
        self._door = door
        self._commands = commands
        self._rates = rates
        self._pool = pool
        self._callers = callers
        self._settings = settings
        self._telemetry = telemetry
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """The routes, most specific first. All of them are for businesses."""
        commands = {f"/v1/dossiers/{{number}}/{path}": self.ask for path in COMMAND_PATHS}
        posts = {"/v1/dossiers/bulk": self.submit_many, "/v1/dossiers": self.submit} | commands
        return [
            *(guarded(path, take, methods=["POST"], access="declarant") for path, take in posts.items()),
            guarded("/v1/dossiers/{number}", self.show, methods=["GET"], access="declarant"),
        ]

    async def submit(self, request: HttpRequest) -> Response:
        """`POST /v1/dossiers`: one dossier as JSON, with an `Idempotency-Key`; 202 and a receipt."""
        trace = Trace(self._telemetry, "POST /v1/dossiers", request.headers.get("traceparent"))
        try:
            self._rates.caller(caller_of(request))
            require(request, JSON)
            key = key_of(request)
            body = await read_body(request, self._settings.body_bytes)
            (result,) = await self._door.take_in([partial(self._filed, request, body, key, trace.traceparent)])
        except Problem as problem:
            trace.end(problem)
            raise
        return _receipt(result, trace)

    def _filed(self, request: HttpRequest, body: bytes, key: str, traceparent: str | None) -> Submission:
        """The dossier that a request files.

        Raises:
            Problem: it is not usable, or is filed for a business that the caller does not act for.
        """
        content = valid_content(parse_json(body))
        pack = filed_now(content, self._today())
        require_acting(caller_of(request), content.declarant.tax_code, "/declarant/tax_code")
        return submission(content, pack.version, key, traceparent, claim=claim_of(request, body))

    async def ask(self, request: HttpRequest) -> Response:
        """`POST /v1/dossiers/{number}/{supplements|amendments|withdrawals|payments}`: 202 and a receipt."""
        path = request.url.path.rpartition("/")[2]
        trace = Trace(self._telemetry, f"POST /v1/dossiers/{{number}}/{path}", request.headers.get("traceparent"))
        try:
            self._rates.caller(caller_of(request))
            require(request, JSON)
            key = key_of(request)
            number = _number(request)
            command = COMMAND_PATHS[path]
            raw = await read_body(request, self._settings.body_bytes)
            body = valid(BODIES[command], parse_json(raw))
            asked = Request(number, command, body, key, trace.traceparent, claim_of(request, raw))
            (result,) = await self._commands.take_in([asked], caller_of(request))
        except Problem as problem:
            trace.end(problem)
            raise
        return _receipt(result, trace)

    async def submit_many(self, request: HttpRequest) -> Response:
        """`POST /v1/dossiers/bulk`: NDJSON, a dossier or a command a line; a result line for each."""
        require(request, NDJSON)
        body = await read_body(request, self._settings.bulk_bytes)
        lines = [line for line in body.split(b"\n") if line.strip()]
        if len(lines) > self._settings.bulk_lines:
            raise too_large(self._settings.bulk_lines, "lines")
        today, caller = self._today(), caller_of(request)
        self._rates.caller(caller, len(lines))
        read = [self._read(line, today, caller) for line in lines]
        results: dict[int, Result] = {index: one for index, one in enumerate(read) if isinstance(one, Problem)}
        for kind in (Submission, Request):
            some = {at: one for at, one in enumerate(read) if isinstance(one, Line) and isinstance(one.asked, kind)}
            if some:
                results |= zip(some, await self._take_in(list(some.values()), caller), strict=True)
        said = result_lines([results[index] for index in range(len(lines))])
        return Response(said, media_type=NDJSON)

    def _read(self, line: bytes, today: date, caller: Caller) -> Line | Problem:
        try:
            return read_line(line, self._telemetry, today, caller)
        except Problem as problem:
            return problem

    async def _take_in(self, lines: Sequence[Line], caller: Caller) -> Sequence[Result]:
        """Take in lines of one kind."""
        asked: list[Any] = [line.asked for line in lines]
        results: Sequence[Result]
        try:
            if isinstance(asked[0], Submission):
                results = await self._door.take_in(asked)
            else:
                results = await self._commands.take_in(asked, caller, "/body")
        except Problem as problem:
            for line in lines:
                line.trace.end(problem)
            raise
        for line, result in zip(lines, results, strict=True):
            line.trace.end(result)
        return results

    async def show(self, request: HttpRequest) -> Response:
        """`GET /v1/dossiers/{number}`: status, what is possible now, and timeline."""
        self._rates.caller(caller_of(request))
        number = _number(request)
        try:
            async with self._pool.acquire() as connection:
                declarant = await store.declarant(connection, number)
            if declarant is None or not caller_of(request).acts_for(declarant):
                raise unknown_dossier()  # somebody else's looks like one that does not exist
            async with on_behalf_of(self._callers, declarant) as connection:
                found = await store.dossier(connection, number)
        except UNAVAILABLE as error:
            raise unavailable("The dossier cannot be read now. Try again shortly.") from error
        if found is None:
            raise unknown_dossier()
        return JSONResponse(found)

    def _today(self) -> date:
        return local_day(self._clock())


def _receipt(result: Result, trace: Trace) -> Response:
    trace.end(result)
    if isinstance(result, Problem):
        raise result
    headers = {"location": f"/v1/dossiers/{result.number}"}
    return Response(to_json(result._asdict()), status_code=202, headers=headers, media_type=JSON)


def claim_of(request: HttpRequest, body: bytes) -> Claim:
    """What the request's `NSW-Signature` headers say of its body.

    Raises:
        Problem: 422, one of them cannot be read.
    """
    values = request.headers.getlist(HEADER)
    return from_header(values, body) if values else UNSIGNED


def _number(request: HttpRequest) -> str:
    number = cast("str", request.path_params["number"])
    if not is_dossier_number(number):
        raise unknown_dossier()
    return number
