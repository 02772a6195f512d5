"""One SOAP exchange with a ministry's gateway: what its answer, or the lack of one, means for the delivery."""

import re
from datetime import datetime, timedelta, timezone
from http import HTTPStatus
from typing import Final
from uuid import UUID

import aiohttp
from nsw_contracts.adapter import Context, Delivery, Misconfigured, Outcome, Rejected, Taken, Unsure
from nsw_procedures.vnsw.answers import Failed, read_answer
from nsw_procedures.vnsw.envelope import ERRORS, Envelope, MessageRefused, parse_envelope
from nsw_procedures.vnsw.schema import MOMENT_FORMAT
from nsw_procedures.vnsw.soap import NoSoap, SoapFault, payload_of, wrapped
from nsw_procedures.xml_reader import Limits

from nsw_ministry_adapter import agency_http
from nsw_ministry_adapter.agency_http import lost, trouble
from nsw_ministry_adapter.vnsw_soap.payload import NotOurs, Payload

_ZONE: Final = timezone(timedelta(hours=7))
_HEADERS: Final = {"content-type": "text/xml; charset=utf-8", "soapaction": '""'}
_PATH: Final = re.compile(r"[A-Za-z0-9/\[\]]{1,200}")
_ERRORS: Final = {str(code): says for code, says in ERRORS.items()}


class Exchange:
    """Sends messages to one gateway."""

    def __init__(self, context: Context, url: str, session: aiohttp.ClientSession, payload: Payload) -> None:
        self._context = context
        self._url = url
        self._session = session
        self._payload = payload
        self._limits = Limits(size=context.http.largest_answer)

    async def send(self, delivery: Delivery, message: bytes) -> Outcome:
        """One message; what came of it."""
        headers = dict(_HEADERS)
        if delivery.traceparent is not None:
            headers["traceparent"] = delivery.traceparent
        body = wrapped(self._payload.sealed(message), "sendToMinistry", "Request")
        try:
            async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
                if response.status not in (HTTPStatus.OK, HTTPStatus.INTERNAL_SERVER_ERROR):
                    return trouble(response.status, response.headers.get("retry-after", ""))
                answer = await agency_http.read_answer(response, self._context.http.largest_answer)
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return lost(error)
        if isinstance(answer, Unsure):
            return answer
        return self._meaning(delivery, status, answer)

    def _meaning(self, delivery: Delivery, status: int, answer: bytes) -> Outcome:
        try:
            text = payload_of(answer, "sendToMinistry", "Response", self._limits)
        except SoapFault as fault:
            if fault.code == "Client":
                return Rejected("answered a SOAP fault about the message: Client")
            return Unsure("answered a SOAP fault of its own")
        except NoSoap:
            return trouble(status, "") if status != HTTPStatus.OK else Unsure("the answer is no SOAP", unusable=True)
        try:
            return self._said(delivery, self._payload.opened(text))
        except NotOurs as error:
            return Unsure(f"the answer is not believed: {error}", unusable=True)
        except MessageRefused as error:
            return Unsure(f"the answer cannot be read: {error.code}", unusable=True)

    def _said(self, delivery: Delivery, answer: bytes) -> Outcome:
        envelope = parse_envelope(answer, self._limits)
        if not _about(envelope, delivery):
            return Unsure("answered nothing about this delivery", unusable=True)
        said = read_answer(envelope)
        if isinstance(said, Failed):
            return _refused(said)
        return Taken(datetime.strptime(said.at, MOMENT_FORMAT).replace(tzinfo=_ZONE))


def _about(envelope: Envelope, delivery: Delivery) -> bool:
    """Whether an answer is one to this delivery: by its message id, or where it has none, by its dossier."""
    if envelope.message_id is not None:
        return envelope.message_id.lower() in (delivery.message_id, str(UUID(delivery.message_id)))
    return delivery.number in (envelope.subject.reference, envelope.subject.pre_reference)


def _refused(said: Failed) -> Outcome:
    """An answer 00, in codes and paths of elements: what else is said there may repeat the dossier."""
    reasons = "; ".join(_reason(one.code, one.name) for one in said.errors)
    if all(one.code == "ERR02" for one in said.errors):
        return Misconfigured(f"answered 00: {reasons}: does it have the same payload key, and take XML?")
    return Rejected(f"answered 00: {reasons}")


def _reason(code: str, name: str) -> str:
    path = name.partition(":")[0]
    known = _ERRORS.get(code)
    where = f" at {path}" if "/" in path and _PATH.fullmatch(path) else ""
    return f"{code} ({known}){where}" if known is not None else "an error of its own"
