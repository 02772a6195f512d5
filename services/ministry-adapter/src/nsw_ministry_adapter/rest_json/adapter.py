"""*rest-json*: deliveries in batches or one by one, answers inline or by callback, signed both ways.

One by one, a message that may have arrived is asked for before it is repeated. A batch is repeated as it was: its
agency drops repeats by message id and answers them again, so the repeat is the question.
"""

import json
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, Final

import aiohttp
from nsw_contracts.adapter import (
    BrokenConfiguration,
    CannotSay,
    Capabilities,
    Context,
    Delivery,
    Inbound,
    Judged,
    Known,
    Manifest,
    MinistryAdapter,
    NoSuchWord,
    NotThere,
    Outcome,
    Reply,
    Said,
    Taken,
    Unreadable,
    Unsure,
)
from nsw_contracts.adapter.http import checked_url
from nsw_contracts.adapter.strict_json import read_json
from pydantic import ValidationError

from nsw_ministry_adapter.agency_http import agency_session
from nsw_ministry_adapter.agency_jws import BadKey, BadSignature, read_key
from nsw_ministry_adapter.rest_json.exchange import Exchange, Received, cannot_say
from nsw_ministry_adapter.rest_json.jws import HEADER, WINDOW, Signer, Verifier
from nsw_ministry_adapter.rest_json.settings import SIGNING_KEY, RestJsonSettings
from nsw_ministry_adapter.rest_json.wire import (
    Answer,
    Answers,
    CallbackMessage,
    CallbackMessages,
    deliveries_json,
    delivery_json,
)

LARGEST_CALLBACK: Final = 1 << 20
_STATUS: Final = {"taken": 200, "repeated": 200, "early": 202, "unknown": 404, "refused": 409}
_PROBLEM: Final = "application/problem+json"


class RestJson(MinistryAdapter):
    """The adapter; see the module."""

    manifest: ClassVar[Manifest] = Manifest(
        name="rest-json",
        version="1.0",
        agency="*",
        protocol="Signed JSON over HTTPS",
        contact="docs/adapters/rest-json.md",
        capabilities=Capabilities(
            batch=500, query=True, drops_repeats=True, answers=frozenset({"inline", "callback"}), signed=True
        ),
        quality="platinum",
    )
    settings_model = RestJsonSettings

    def __init__(self, context: Context, settings: RestJsonSettings) -> None:
        self._context = context
        self._settings = settings
        self._session: aiohttp.ClientSession
        self._verifier: Verifier | None = None
        self._signer: Signer | None = None

    @cached_property
    def capabilities(self) -> Capabilities:
        """A batch is not asked for: its repeat is the question."""
        return self.manifest.capabilities.model_copy(
            update={
                "batch": self._settings.batch,
                "query": self._settings.batch == 1,
                "answers": frozenset(self._settings.answers),
                "signed": self._settings.signatures == "required",
                "at_once": min(self.manifest.capabilities.at_once, self._context.http.connections),
            }
        )

    async def open(self) -> None:
        """Read keys, make the connection pool."""
        http = self._context.http
        url = checked_url(self._settings.url, http)
        if self._settings.signatures == "none" and url.scheme != "http":
            raise BrokenConfiguration("/settings/signatures: `none` works with http:// to this machine only")
        if self._settings.signatures == "required":
            self._signer, self._verifier = self._keys()
        self._session = agency_session(http)
        self._exchange = Exchange(self._context, self._settings.url, self._session, self._signer, self._verifier)

    def _keys(self) -> tuple[Signer, Verifier]:
        try:
            signer = Signer(read_key(self._context.secret(SIGNING_KEY).get_secret_value()), self._context.agency)
        except BadKey as error:
            raise BrokenConfiguration(f"the secret {SIGNING_KEY!r}: {error}") from error
        try:
            return signer, Verifier(self._settings.agency_keys, WINDOW)
        except BadKey as error:
            raise BrokenConfiguration(f"/settings/agency_keys: {error}") from error

    async def close(self) -> None:
        """Let the connections go."""
        await self._session.close()

    async def deliver(self, delivery: Delivery) -> Outcome:
        """`POST {url}/delivery`."""
        body = delivery_json(delivery)
        answer = await self._exchange.ask("POST", "delivery", body, signed=body, traceparent=delivery.traceparent)
        return _outcome(delivery, answer.body) if isinstance(answer, Received) else answer

    async def deliver_many(self, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        """`POST {url}/deliveries`."""
        body = deliveries_json(deliveries)
        answer = await self._exchange.ask("POST", "deliveries", body, signed=body)
        if not isinstance(answer, Received):
            return [answer] * len(deliveries)
        try:
            said = {str(one.get("message_id")): one for one in Answers.model_validate_json(answer.body).answers}
        except ValidationError as error:
            return [_unusable(error)] * len(deliveries)
        return [_outcome(delivery, said.get(delivery.message_id)) for delivery in deliveries]

    async def query(self, delivery: Delivery) -> Known:
        """`GET {url}/deliveries/{message_id}`: 200 with the answer, or 404 with the message id."""
        answer = await self._exchange.ask(
            "GET",
            f"deliveries/{delivery.message_id}",
            None,
            signed=delivery.message_id.encode(),
            traceparent=delivery.traceparent,
            statuses=frozenset({200, 404}),
        )
        if not isinstance(answer, Received):
            return cannot_say(answer)
        if answer.status == 200:  # noqa: PLR2004
            outcome = _outcome(delivery, answer.body)
            return outcome if isinstance(outcome, Taken) else CannotSay(getattr(outcome, "reason", "no answer"))
        try:
            told = read_json(answer.body, largest=self._context.http.largest_answer)
        except Unreadable as error:
            return CannotSay(f"the 404 cannot be read: {error}")
        if isinstance(told, dict) and told.get("message_id") == delivery.message_id:
            return NotThere()
        return CannotSay("the 404 is not about this message; is the URL right?")

    async def receive(self, inbound: Inbound) -> Sequence[Said] | Reply:
        """A message, or several as `{"messages": [...]}`."""
        if self._verifier is not None:
            try:
                self._verifier.verify(inbound.headers.get(HEADER, ""), inbound.body, self._context.clock())
            except BadSignature as error:
                return _problem(401, "not-signed", f"The message is not believed: {error}.")
        try:
            told = read_json(inbound.body, largest=LARGEST_CALLBACK)
            if isinstance(told, dict) and "messages" in told:
                messages = CallbackMessages.model_validate(told).messages
            else:
                messages = (CallbackMessage.model_validate(told),)
            return [message.said(self._context.agency) for message in messages]
        except (Unreadable, NoSuchWord) as error:
            return _problem(400, "malformed", f"The message cannot be used: {error}.")
        except ValidationError as error:
            return _problem(422, "invalid", f"The message cannot be used at {_where(error)}.")

    async def acknowledge(self, inbound: Inbound, judged: Sequence[Judged]) -> Reply:
        """One verdict's own status; of several 200, and a verdict each."""
        told = [
            {"id": one.said.id, "verdict": one.verdict, **({"reason": one.reason} if one.reason else {})}
            for one in judged
        ]
        if b'"messages"' not in inbound.body and len(judged) == 1:
            status = _STATUS[judged[0].verdict]
            if not judged[0].kept:
                return _problem(status, judged[0].verdict, judged[0].reason)
            return Reply(status=status, body=json.dumps(told[0]).encode())
        return Reply(body=json.dumps({"results": told}).encode())


def _outcome(delivery: Delivery, answer: bytes | dict[str, object] | None) -> Outcome:
    try:
        read = Answer.model_validate_json(answer) if isinstance(answer, bytes) else Answer.model_validate(answer)
        if read.message_id != delivery.message_id:
            return Unsure("answered nothing about this delivery", unusable=True)
        return read.taken(delivery)
    except NoSuchWord as error:
        return Unsure(f"the answer cannot be read: {error}", unusable=True)
    except ValidationError as error:
        if answer is None:
            return Unsure("answered nothing about this delivery", unusable=True)
        return _unusable(error)


def _unusable(error: ValidationError) -> Unsure:
    return Unsure(f"the answer cannot be read at {_where(error)}", unusable=True)


def _where(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    return f"/{'/'.join(map(str, first['loc']))}: {first['type']}"


def _problem(status: int, kind: str, detail: str) -> Reply:
    told = {"type": f"urn:nsw:problem:{kind}", "title": "The message is not taken", "status": status, "detail": detail}
    return Reply(status=status, media_type=_PROBLEM, body=json.dumps(told, ensure_ascii=False).encode())
