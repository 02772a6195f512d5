"""A business's XML messages, plain or in SOAP."""

import json
from uuid import uuid4

from nsw_procedures.calendar import local
from nsw_procedures.pack import Outgoing
from nsw_procedures.vnsw.answers import Failed, Received, read_answer
from nsw_procedures.vnsw.envelope import WINDOW, Envelope, Party, Subject, parse_envelope, write_envelope
from nsw_procedures.vnsw.plan import outgoing, told_as
from nsw_procedures.vnsw.soap import payload_of, wrapped
from nsw_procedures.vnsw.telling import told
from nsw_runtime.clock import system_clock

from support.authority import Issued
from support.businesses import Business, pack_today
from support.live import BROKER
from support.signing import detached

AQUATIC = "BNNPTNT0600009"


class Sender:
    """Sends a business's messages, plain or in SOAP; with `cert`, signed in the header."""

    def __init__(self, business: Business, *, soap: bool, caller: str = BROKER, cert: Issued | None = None) -> None:
        self.business = business
        self.soap = soap
        self.caller = caller
        self.cert = cert

    def message(self, function: str, number: str = "VD-001", *, key: str = "", reason: str = "Đổi tàu") -> bytes:
        pack = pack_today(AQUATIC)
        kind, _, of = function.partition("/")
        one = told_as(pack, kind, of)
        assert isinstance(one, Outgoing)
        dossier = self.business.dossier(pack)
        at = f"{local(system_clock()):%Y-%m-%d %H:%M:%S}"
        node = told(outgoing(pack, one), dossier | {"number": number, "reason": reason, "filed_at": at})
        sender = Party("Công ty Thử Nghiệm", self.business.tax_code)
        subject = Subject(pack.code, kind, of, number, 2026, "VD-001", 2026, at)
        return write_envelope(Envelope(sender, WINDOW, subject, node, key or str(uuid4()), "1.0"))

    def request(self, message: bytes) -> tuple[str, bytes]:
        """The path and body of the request that sends it."""
        if self.soap:
            return "/v1/vnsw/soap", wrapped(message.decode(), "receive", "Request")
        return "/v1/vnsw", message

    async def send(self, message: bytes) -> tuple[Received | Failed, Envelope]:
        status, text = await self.post(*self.request(message))
        assert status == 200, text
        answer = payload_of(text.encode(), "receive", "Response").encode() if self.soap else text.encode()
        envelope = parse_envelope(answer)
        return read_answer(envelope), envelope

    async def post(self, path: str, body: bytes, media_type: str = "") -> tuple[int, str]:
        headers = {"content-type": media_type or ("text/xml; charset=utf-8" if self.soap else "application/xml")}
        if self.cert is not None:
            headers["nsw-signature"] = detached(self.cert, body)
        status, text = await self.business.live.ask(
            "POST", f"{self.business.live.intake}{path}", data=body, headers=headers, caller=self.caller
        )
        return status, text if isinstance(text, str) else json.dumps(text)

    async def number_of(self, message: bytes) -> str:
        answer, _ = await self.send(message)
        assert isinstance(answer, Received), answer
        return answer.reference
