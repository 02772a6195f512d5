"""Deliveries to agencies over HTTP, in batches where the agency declares it, one by one where not.

The message id of a delivery stays the same however often it is tried, and the agency drops repeats by it. Nothing an
agency answers can hurt others: an answer too large, unreadable or about something else is tried again, then shown.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from nsw_runtime.intents import Pending
from nsw_runtime.sender import Attempt, Dead, Done, Held, Retry, end_span
from nsw_runtime.telemetry import DOSSIER, Telemetry, traceparent_of
from nsw_runtime.text import holds_nul
from opentelemetry.trace import Span, SpanKind
from pydantic import ValidationError

from nsw_ministry_adapter.answers import Answer, Answers, NoSuchDecision, facts
from nsw_ministry_adapter.settings import Agency

log = logging.getLogger(__name__)

ONE_BY_ONE_AT_ONCE: Final = 16  # requests in flight to an agency that takes no batches
ONE_BY_ONE_GROUP: Final = 64  # deliveries whose results are committed together
ANSWER_BYTES: Final = 16 * 1024 * 1024
TRIES_BEFORE_PARKING: Final = 8  # of an agency that answers, but never with something usable
_DEAD: Final = frozenset({400, 404, 405, 410, 413, 415, 422})


@dataclass(frozen=True, slots=True)
class _Unusable:
    """The agency answered, with something that cannot be read at all."""

    reason: str


class AgencyTransport:
    """Carries deliveries to the configured agencies."""

    def __init__(self, agencies: Sequence[Agency], session: aiohttp.ClientSession, telemetry: Telemetry) -> None:
        self._agencies: Mapping[str, Agency] = {agency.code: agency for agency in agencies}
        self._session = session
        self._telemetry = telemetry

    def most(self, lane: str) -> int:
        """The agency's batch size; 0 for an agency that is not configured here."""
        agency = self._agencies.get(lane)
        if agency is None:
            return 0
        return agency.batch if agency.batch > 1 else ONE_BY_ONE_GROUP

    def wait(self, lane: str) -> float:
        """Deliveries go at once."""
        del lane
        return 0.0

    async def send(self, lane: str, pending: Sequence[Pending]) -> Sequence[Attempt]:
        """Deliver to one agency."""
        agency = self._agencies[lane]
        if agency.batch > 1:
            return await self._send_batch(agency, pending)
        return await self._send_one_by_one(agency, pending)

    async def _send_batch(self, agency: Agency, pending: Sequence[Pending]) -> Sequence[Attempt]:
        """Deliver in one request; what is refused whole goes again in halves, so that one bad dossier is found."""
        items = b",".join(_delivery(one, one.traceparent) for one in pending)
        spans = [self._span(agency, one) for one in pending] if self._telemetry.enabled else []
        answer = await self._post(agency, "deliveries", b'{"deliveries":[' + items + b"]}", None)
        if isinstance(answer, bytes):
            try:
                said = {str(one.get("message_id")): one for one in Answers.model_validate_json(answer).answers}
            except ValidationError as error:
                attempts: list[Attempt] = [_unusable(one, error) for one in pending]
            else:
                attempts = [_result_in_batch(agency, one, said.get(one.id)) for one in pending]
        elif isinstance(answer, _Unusable):
            attempts = [_give_up(one, answer.reason) for one in pending]
        else:
            attempts = [answer] * len(pending)
        for span, attempt in zip(spans, attempts, strict=False):
            end_span(span, attempt)
        if isinstance(answer, Dead) and len(pending) > 1:
            half = len(pending) // 2
            return [*await self._send_batch(agency, pending[:half]), *await self._send_batch(agency, pending[half:])]
        return attempts

    async def _send_one_by_one(self, agency: Agency, pending: Sequence[Pending]) -> Sequence[Attempt]:
        """Dossiers side by side; one dossier's deliveries one after the other, and none after one that failed."""
        attempts: dict[str, Attempt] = {}
        room = asyncio.Semaphore(ONE_BY_ONE_AT_ONCE)

        async def dossier(deliveries: Sequence[Pending]) -> None:
            for one in deliveries:
                async with room:
                    attempts[one.id] = await self._send_one(agency, one)
                if not isinstance(attempts[one.id], Done):
                    break

        of_dossier: dict[str, list[Pending]] = {}
        for one in pending:
            of_dossier.setdefault(one.dossier, []).append(one)
        await asyncio.gather(*(dossier(deliveries) for deliveries in of_dossier.values()))
        return [attempts.get(one.id, Held()) for one in pending]

    async def _send_one(self, agency: Agency, one: Pending) -> Attempt:
        span = self._span(agency, one) if self._telemetry.enabled else None
        traceparent = traceparent_of(span) if span is not None else one.traceparent
        answer = await self._post(agency, "delivery", _delivery(one, traceparent), traceparent)
        attempt: Attempt
        if isinstance(answer, bytes):
            try:
                attempt = _result(agency, one, Answer.model_validate_json(answer))
            except ValidationError as error:
                attempt = _unusable(one, error)
        elif isinstance(answer, _Unusable):
            attempt = _give_up(one, answer.reason)
        else:
            attempt = answer
        end_span(span, attempt)
        return attempt

    async def _post(
        self, agency: Agency, path: str, body: bytes, traceparent: str | None
    ) -> "bytes | _Unusable | Attempt":
        """The body of a 200 answer, or what came instead."""
        headers = {"content-type": "application/json", "x-nsw-agency": agency.code}
        if traceparent is not None:
            headers["traceparent"] = traceparent
        url = f"{str(agency.url).rstrip('/')}/{path}"
        try:
            async with self._session.post(
                url, data=body, headers=headers, allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=agency.timeout_seconds),
            ) as response:  # fmt: skip
                if response.status in _DEAD:
                    return Dead(f"{agency.code} answered {response.status}")
                if response.status != 200:  # noqa: PLR2004
                    return Retry(f"{agency.code} answered {response.status}")
                answer = await response.content.read(ANSWER_BYTES + 1)
                while len(answer) <= ANSWER_BYTES and not response.content.at_eof():
                    answer += await response.content.read(ANSWER_BYTES + 1 - len(answer))
                if len(answer) > ANSWER_BYTES:
                    return _Unusable(f"{agency.code}'s answer is larger than {ANSWER_BYTES:,} bytes")
                return _Unusable(f"{agency.code}'s answer holds NUL") if holds_nul(answer) else answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Retry(f"{agency.code} cannot be reached: {type(error).__name__}")

    def _span(self, agency: Agency, one: Pending) -> Span | None:
        return self._telemetry.span(
            f"deliver {agency.code}",
            one.traceparent,
            kind=SpanKind.CLIENT,
            attributes={
                DOSSIER: one.dossier,
                "nsw.agency": agency.code,
                "http.request.resend_count": one.attempts,
            },
        )


def _delivery(one: Pending, traceparent: str | None) -> bytes:
    """One delivery as JSON; the dossier goes as it was journaled, without being read again."""
    trace = f'"{traceparent}"' if traceparent else "null"
    return b'{"message_id":"%s","traceparent":%s,"dossier":%s}' % (one.id.encode(), trace.encode(), one.body)


def _result(agency: Agency, one: Pending, answer: Answer | None) -> Attempt:
    if answer is None or answer.message_id != one.id:
        return _give_up(one, f"{agency.code} answered nothing about this delivery")
    try:
        return Done(facts(agency.code, one, answer))
    except NoSuchDecision as error:
        return _give_up(one, f"the answer cannot be read at {error}")
    except ValidationError as error:
        return _unusable(one, error)


def _result_in_batch(agency: Agency, one: Pending, answer: dict[str, Any] | None) -> Attempt:
    try:
        return _result(agency, one, None if answer is None else Answer.model_validate(answer))
    except ValidationError as error:
        return _unusable(one, error)


def _unusable(one: Pending, error: ValidationError) -> Attempt:
    first = error.errors(include_input=False, include_url=False)[0]
    return _give_up(one, f"the answer cannot be read at /{'/'.join(map(str, first['loc']))}: {first['type']}")


def _give_up(one: Pending, reason: str) -> Attempt:
    return Dead(reason) if one.attempts + 1 >= TRIES_BEFORE_PARKING else Retry(reason)
