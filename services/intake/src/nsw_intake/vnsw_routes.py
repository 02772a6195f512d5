"""The window's XML doors: a message as it is, or in SOAP. Same judging, same door and same facts as JSON.

Whatever is wrong with a message is answered by a message, function 00; function 99 is answered once what it asks for is
stored. What hinders the window, or is not the message's to say (503, 401, 403, 413), is an HTTP answer as everywhere.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from nsw_procedures.calendar import local_day
from nsw_procedures.vnsw.answers import errors_of, failed, received
from nsw_procedures.vnsw.envelope import Envelope, MessageRefused, envelope_of, header_of, root_of, write_envelope
from nsw_procedures.vnsw.schema import Fault
from nsw_procedures.vnsw.soap import NoSoap, fault, payload_of, wrapped
from nsw_procedures.xml_reader import Limits
from nsw_runtime.clock import Clock
from nsw_runtime.identity import Caller, caller_of, guarded, require_acting
from nsw_runtime.problems import Problem
from nsw_runtime.telemetry import Telemetry
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute

from nsw_intake.command_door import CommandDoor, CommandReceipt
from nsw_intake.commands import Request
from nsw_intake.door import Door, Receipt, submission
from nsw_intake.errors import wrong_media_type
from nsw_intake.incoming import Trace, read_body
from nsw_intake.rate_limits import RateLimits
from nsw_intake.routes import claim_of
from nsw_intake.settings import IntakeSettings
from nsw_intake.signing.claims import Claim
from nsw_intake.signing.errors import HEADER, bad_signature
from nsw_intake.signing.store import Signed
from nsw_intake.signing.xml import is_signed
from nsw_intake.signing.xml_signatures import XmlSignatures
from nsw_intake.vnsw_messages import Filed, Message, refusal, understood

XML: Final = "application/xml"
FROM: Final = "Envelope/Header/From/identity"
TEXT_XML: Final = "text/xml"
SIGNATURE: Final = "Envelope/Body/Signature"
SOAP_OVERHEAD: Final = 2  # a message's text within SOAP: each of its angle brackets and quotes may be an entity


class VnswRoutes:
    """The handlers, over the doors."""

    def __init__(
        self,
        *,
        door: Door,
        commands: CommandDoor,
        rates: RateLimits,
        xml: XmlSignatures,
        settings: IntakeSettings,
        telemetry: Telemetry,
        clock: Clock,
    ) -> None:
        self._door = door
        self._commands = commands
        self._rates = rates
        self._xml = xml
        self._telemetry = telemetry
        self._clock = clock
        self._body_bytes = settings.body_bytes
        self._limits = Limits(size=settings.body_bytes)

    def routes(self) -> Sequence[BaseRoute]:
        """The routes."""
        return [
            guarded("/v1/vnsw", self.message, methods=["POST"], access="declarant"),
            guarded("/v1/vnsw/soap", self.soap, methods=["POST"], access="declarant"),
        ]

    async def message(self, request: HttpRequest) -> Response:
        """`POST /v1/vnsw`: one envelope as XML; 200 and an envelope, function 99 or 00."""
        self._rates.caller(caller_of(request))
        _require_xml(request)
        body = await read_body(request, self._body_bytes)
        answer = await self._answer(body, request, "POST /v1/vnsw", body)
        return Response(write_envelope(answer), media_type=XML)

    async def soap(self, request: HttpRequest) -> Response:
        """`POST /v1/vnsw/soap`: SOAP 1.1 `receiveRequest` with an envelope's text; `receiveResponse` with another.

        500 and a SOAP fault for what is no such request.
        """
        self._rates.caller(caller_of(request))
        _require_xml(request)
        body = await read_body(request, SOAP_OVERHEAD * self._body_bytes)
        try:
            payload = payload_of(body, "receive", "Request", Limits(size=SOAP_OVERHEAD * self._body_bytes))
        except NoSoap as problem:
            return Response(fault(problem), status_code=500, media_type=TEXT_XML)
        answer = await self._answer(payload.encode(), request, "POST /v1/vnsw/soap", body)
        return Response(wrapped(write_envelope(answer).decode(), "receive", "Response"), media_type=TEXT_XML)

    async def _answer(self, body: bytes, request: HttpRequest, span: str, raw: bytes) -> Envelope:
        """The answer to one message; `raw` is the request's body, which `NSW-Signature` is over.

        Raises:
            Problem: it is not about the message.
        """
        trace = Trace(self._telemetry, span, request.headers.get("traceparent"))
        header: Any = {}
        try:
            root = root_of(body, self._limits)
            envelope = envelope_of(root)
            header = header_of(envelope)
            beside = claim_of(request, raw)
            claim: Claim | Signed = beside
            if is_signed(root):
                envelope, claim = await self._signed(body, beside)
            message = understood(envelope, body, local_day(self._clock()))
            result = await self._take_in(message, trace.traceparent, claim, caller_of(request))
        except MessageRefused as refused:
            trace.end(None)
            return failed(refused.header or header, self._clock(), errors_of(refused))
        except Problem as problem:
            trace.end(problem)
            raise
        trace.end(result)
        at = datetime.fromisoformat(result.received_at)
        return received(envelope, at, number=result.number, signature=result.jws)

    async def _signed(self, body: bytes, beside: Claim) -> tuple[Envelope, Signed]:
        """The message as its XML signature has it, and who signed: what stands in it unsigned is not looked at."""
        try:
            if beside.signatures:
                raise bad_signature(HEADER, "the message is signed within; leave the header out")
            root, signed = await self._xml.verified(body)
        except Problem as problem:
            if not problem.errors:
                raise
            raise MessageRefused("ERR00", [Fault(SIGNATURE, one.detail) for one in problem.errors]) from None
        return envelope_of(root), signed

    async def _take_in(
        self, message: Message, traceparent: str | None, claim: Claim | Signed, caller: Caller
    ) -> Receipt | CommandReceipt:
        require_acting(caller, message.declarant, FROM)
        asks = message.asks
        results: Sequence[Receipt | CommandReceipt | Problem]
        if isinstance(asks, Filed):
            taken = submission(asks.content, asks.pack.version, message.key, traceparent, claim=claim)
            results = await self._door.take_in([taken])
        else:
            request = Request(asks.number, asks.command, asks.body, message.key, traceparent, claim)
            results = await self._commands.take_in([request], caller)
        (result,) = results
        if isinstance(result, Problem):
            raise refusal(result, message.said)
        return result


def _require_xml(request: HttpRequest) -> None:
    """The body is XML by either of its names.

    Raises:
        Problem: 415.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in (XML, TEXT_XML):
        raise wrong_media_type(XML)
