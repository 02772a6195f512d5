"""*vnsw-soap*: the deployed XML messages over SOAP 1.1, both ways.

The protocol cannot be asked for a message by its id: the gateway drops repeats by `messageId`, so the repeat is the
question. What the agency decides it says by messages of its own; an answer to a delivery is a receipt only.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, Final

import aiohttp
from nsw_contracts.adapter import (
    BrokenConfiguration,
    Capabilities,
    Context,
    Delivery,
    DocumentUnavailable,
    Inbound,
    Judged,
    Manifest,
    MinistryAdapter,
    Outcome,
    Rejected,
    Reply,
    Said,
    TryAgain,
)
from nsw_contracts.adapter.http import checked_url
from nsw_procedures.calendar import local_day
from nsw_procedures.vnsw.answers import Error, errors_of, failed, received
from nsw_procedures.vnsw.envelope import Envelope, MessageRefused, header_of, parse_envelope, write_envelope
from nsw_procedures.vnsw.soap import MEDIA_TYPE, NoSoap, fault, payload_of, wrapped
from nsw_procedures.xml_reader import Limits

from nsw_ministry_adapter.agency_http import agency_session
from nsw_ministry_adapter.vnsw_soap.exchange import Exchange
from nsw_ministry_adapter.vnsw_soap.incoming import Sayer, said_by
from nsw_ministry_adapter.vnsw_soap.outgoing import NotKnownHere, Unspeakable, documents_of, message_of
from nsw_ministry_adapter.vnsw_soap.payload import BadKey, NotOurs, Payload, Plain, Sealed, read_key
from nsw_ministry_adapter.vnsw_soap.settings import PAYLOAD_KEY, VnswSoapSettings

LARGEST_CALLBACK: Final = 1 << 20
_UNTAKEN: Final = {
    "unknown": "Envelope/Header/Subject/reference: this agency has no such dossier",
    "refused": "Envelope/Header/Reference/messageId: contradicts an earlier message, or itself",
}


class VnswSoap(MinistryAdapter):
    """The adapter; see the module."""

    manifest: ClassVar[Manifest] = Manifest(
        name="vnsw-soap",
        version="1.0",
        agency="*",
        protocol="XML envelopes over SOAP 1.1, as deployed between the window and ministries",
        contact="docs/adapters/vnsw-soap.md",
        capabilities=Capabilities(drops_repeats=True, answers=frozenset({"callback"}), signed=True),
        quality="platinum",
    )
    settings_model = VnswSoapSettings

    def __init__(self, context: Context, settings: VnswSoapSettings) -> None:
        self._context = context
        self._settings = settings
        self._party = settings.ministry.party
        self._payload: Payload = Plain()
        self._session: aiohttp.ClientSession

    @cached_property
    def capabilities(self) -> Capabilities:
        """Only a sealed payload proves who sent it."""
        return self.manifest.capabilities.model_copy(
            update={
                "signed": self._settings.payload == "aes",
                "at_once": min(self.manifest.capabilities.at_once, self._context.http.connections),
            }
        )

    async def open(self) -> None:
        """Read the key, make the connection pool."""
        url = checked_url(self._settings.url, self._context.http)
        if self._settings.payload == "aes":
            try:
                self._payload = Sealed(read_key(self._context.secret(PAYLOAD_KEY).get_secret_value()))
            except BadKey as error:
                raise BrokenConfiguration(f"the secret {PAYLOAD_KEY!r}: {error}") from error
        self._session = agency_session(self._context.http)
        self._exchange = Exchange(self._context, url.geturl(), self._session, self._payload)

    async def close(self) -> None:
        """Let the connections go."""
        await self._session.close()

    async def deliver(self, delivery: Delivery) -> Outcome:
        """`sendToMinistryRequest`, answered 99 or 00."""
        try:
            urls = await self._urls(delivery) if self._settings.links == "urls" else None
            message = message_of(delivery, self._party, self._context.clock(), urls)
        except Unspeakable as error:
            return Rejected(f"cannot be said in its messages: {error}")
        except (NotKnownHere, DocumentUnavailable) as error:
            return TryAgain(str(error))
        return await self._exchange.send(delivery, message)

    async def _urls(self, delivery: Delivery) -> dict[str, str]:
        return {
            sha256: (await self._context.documents.link(delivery.number, sha256)).url
            for sha256 in documents_of(delivery)
        }

    async def receive(self, inbound: Inbound) -> Sequence[Said] | Reply:
        """`receiveRequest`, with one message."""
        try:
            body = self._body(inbound)
        except NoSoap as error:
            return Reply(status=500, media_type=MEDIA_TYPE, body=fault(error))
        except NotOurs:
            return Reply(status=500, media_type=MEDIA_TYPE, body=fault(NoSoap("Client", "The payload does not open.")))
        try:
            envelope = parse_envelope(body)
        except MessageRefused as refused:
            return self._reply(failed(refused.header, self._context.clock(), errors_of(refused)))
        sayer = Sayer(self._context.agency, self._settings.ministry.ministry_code)
        try:
            return [said_by(envelope, body, sayer, local_day(self._context.clock()))]
        except MessageRefused as refused:
            return self._refusal(envelope, errors_of(refused))

    async def acknowledge(self, inbound: Inbound, judged: Sequence[Judged]) -> Reply:
        """`receiveResponse`: 99 for what may be forgotten, 00 for what is not taken."""
        envelope = parse_envelope(self._body(inbound))
        (one,) = judged
        if one.kept:
            number = envelope.subject.reference.strip()
            return self._reply(received(envelope, self._context.clock(), number=number))
        text = _UNTAKEN[one.verdict]
        return self._refusal(envelope, [Error("ERR00", f"{text} ({one.reason})" if one.reason else text)])

    def _body(self, inbound: Inbound) -> bytes:
        text = payload_of(inbound.body, "receive", "Request", Limits(size=LARGEST_CALLBACK))
        return self._payload.opened(text)

    def _refusal(self, envelope: Envelope, errors: Sequence[Error]) -> Reply:
        return self._reply(failed(header_of(envelope), self._context.clock(), errors))

    def _reply(self, envelope: Envelope) -> Reply:
        text = self._payload.sealed(write_envelope(envelope))
        return Reply(media_type=MEDIA_TYPE, body=wrapped(text, "receive", "Response"))
