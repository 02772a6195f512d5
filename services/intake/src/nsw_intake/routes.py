"""Intake's HTTP: one dossier, many dossiers, and what became of one."""

import json
import re
from typing import Any, Final

from nsw_contracts.number import is_dossier_number
from nsw_runtime.database import UNAVAILABLE, Pool
from nsw_runtime.problems import FieldError, Problem, unavailable
from nsw_runtime.telemetry import DOSSIER, Telemetry, traceparent_of
from opentelemetry.trace import Span
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from nsw_intake import store
from nsw_intake.door import Door, Receipt, Submission, submission
from nsw_intake.errors import (
    KEY_HEADER,
    bad_key,
    invalid,
    malformed,
    too_large,
    unknown_dossier,
    wrong_media_type,
)
from nsw_intake.parsing import parse_json, valid_content
from nsw_intake.settings import IntakeSettings

NDJSON: Final = "application/x-ndjson"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_TRACEPARENT: Final = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class Routes:
    """The handlers, over one door and one pool."""

    def __init__(self, *, door: Door, pool: Pool, settings: IntakeSettings, telemetry: Telemetry) -> None:
        self._door = door
        self._pool = pool
        self._settings = settings
        self._telemetry = telemetry

    def routes(self) -> list[Route]:
        """The routes, most specific first."""
        return [
            Route("/v1/dossiers/bulk", self.submit_many, methods=["POST"]),
            Route("/v1/dossiers", self.submit, methods=["POST"]),
            Route("/v1/dossiers/{number}", self.show, methods=["GET"]),
        ]

    async def submit(self, request: Request) -> Response:
        """`POST /v1/dossiers`: one dossier as JSON, with an `Idempotency-Key`; 202 and a receipt."""
        span = self._begin("POST /v1/dossiers", request.headers.get("traceparent"))
        try:
            _require(request, "application/json")
            key = request.headers.get(KEY_HEADER, "")
            if not _KEY.fullmatch(key):
                raise bad_key()  # the span hears of it
            content = valid_content(parse_json(await _body(request, self._settings.body_bytes)))
            (result,) = await self._door.take_in(
                [submission(content, key, self._carry(span, request.headers.get("traceparent")))]
            )
            if isinstance(result, Problem):
                raise result
        except Problem as problem:
            _end(span, None, problem)
            raise
        _end(span, result.number, None)
        return JSONResponse(result._asdict(), status_code=202, headers={"location": f"/v1/dossiers/{result.number}"})

    async def submit_many(self, request: Request) -> Response:
        """`POST /v1/dossiers/bulk`: NDJSON, one `{"idempotency_key", "dossier"}` a line; a result line for each."""
        _require(request, NDJSON)
        body = await _body(request, self._settings.bulk_bytes)
        lines = [line for line in body.split(b"\n") if line.strip()]
        if len(lines) > self._settings.bulk_lines:
            raise too_large(self._settings.bulk_lines, "lines")
        results: list[Receipt | Problem | None] = [None] * len(lines)
        taken: list[tuple[int, Submission, Span | None]] = []
        for index, line in enumerate(lines):
            try:
                one, span = self._line(line)
            except Problem as problem:
                results[index] = problem
            else:
                taken.append((index, one, span))
        if taken:
            try:
                receipts = await self._door.take_in([one for _, one, _ in taken])
            except Problem as problem:
                for _, _, span in taken:
                    _end(span, None, problem)
                raise
            for (index, _, span), result in zip(taken, receipts, strict=True):
                results[index] = result
                _end(
                    span,
                    result.number if isinstance(result, Receipt) else None,
                    result if isinstance(result, Problem) else None,
                )
        return Response(
            b"".join(_result_line(number, result) for number, result in enumerate(results, 1)),
            media_type=NDJSON,
        )

    def _line(self, line: bytes) -> tuple[Submission, Span | None]:
        value = parse_json(line)
        if not isinstance(value, dict) or not isinstance(value.get("dossier"), dict):
            raise malformed(
                'Each line is an object {"idempotency_key": …, "dossier": {…}}.',
                [FieldError("/dossier", "is missing")],
            )
        key = value.get("idempotency_key")
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise invalid([FieldError("/idempotency_key", "1 to 255 visible ASCII characters are needed")])
        content = valid_content(value["dossier"], "/dossier")
        given = value.get("traceparent")
        given = given if isinstance(given, str) else None
        span = self._begin("POST /v1/dossiers/bulk", given)
        return submission(content, key, self._carry(span, given)), span

    async def show(self, request: Request) -> Response:
        """`GET /v1/dossiers/{number}`: status and timeline."""
        number = request.path_params["number"]
        if not is_dossier_number(number):
            raise unknown_dossier()
        try:
            async with self._pool.acquire() as connection:
                found = await store.dossier(connection, number)
        except UNAVAILABLE as error:
            raise unavailable("The dossier cannot be read now. Try again shortly.") from error
        if found is None:
            raise unknown_dossier()
        return JSONResponse(found)

    def _begin(self, name: str, traceparent: str | None) -> Span | None:
        return self._telemetry.begin(name, _usable(traceparent))

    @staticmethod
    def _carry(span: Span | None, traceparent: str | None) -> str | None:
        """What travels on: the span's context where it is sampled, else what the caller gave."""
        if span is not None and span.is_recording():
            return traceparent_of(span)
        return _usable(traceparent)


def _usable(traceparent: str | None) -> str | None:
    return traceparent if traceparent and _TRACEPARENT.fullmatch(traceparent) else None


def _end(span: Span | None, number: str | None, problem: Problem | None) -> None:
    if span is None:
        return
    if number is not None:
        span.set_attribute(DOSSIER, number)
    if problem is not None:
        span.set_attribute("error.type", problem.kind)
    span.end()


def _require(request: Request, media_type: str) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != media_type:
        raise wrong_media_type(media_type)


async def _body(request: Request, most: int) -> bytes:
    """The body, never holding more than `most` bytes of it."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise too_large(most, "bytes")
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise too_large(most, "bytes")
            parts.append(part)
    except ClientDisconnect:
        raise malformed("The connection ended before the body did.") from None
    return b"".join(parts)


def _result_line(number: int, result: Receipt | Problem | None) -> bytes:
    line: dict[str, Any] = {"line": number}
    if isinstance(result, Receipt):
        line |= {"status": 202, "receipt": result._asdict()}
    elif result is not None:
        line |= {"status": result.status, "problem": result.body()}
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"
