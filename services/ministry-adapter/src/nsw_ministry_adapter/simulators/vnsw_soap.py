"""A test agency that speaks *vnsw-soap*: `python -m nsw_ministry_adapter.simulators.vnsw_soap`.

It checks what a ministry's gateway would, with a reader of its own: SOAP 1.1, the envelope, the content's elements in
the deployed order, their lengths and patterns; what is not as deployed is answered 00 and had no effect.
"""

import argparse
import os
import re
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID
from xml.etree import ElementTree as Tree
from xml.sax.saxutils import escape

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nsw_contracts.adapter.conformance.orders import Saying, Trouble, Way
from nsw_contracts.adapter.conformance.simulator import Request, Response, SimulatedAgency, run
from nsw_procedures.pack import Incoming, Pack
from nsw_procedures.packs import packs
from nsw_procedures.vnsw.contents import contents
from nsw_procedures.vnsw.schema import Element

from nsw_ministry_adapter.vnsw_soap.settings import PAYLOAD_KEY

AGENCY: Final = "BNNPTNT"
PROCEDURE: Final = "BNNPTNT0600009"
MINISTRY: Final[Mapping[str, str]] = {
    "name": "Hệ thống kiểm dịch thử nghiệm",
    "identity": "KD-THU",
    "ministry_code": "BNNPTNT",
    "organization_code": "TY",
}
_SOAP: Final = "{http://schemas.xmlsoap.org/soap/envelope/}"
_SERVICE: Final = "{http://com/vnsw/ws/generated}"
_DOOR: Final = "/gateway"
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{3})?")
_NONCE: Final = 12


class NotAsDeployed(ValueError):
    """The message is not as deployed; `code` is the error's."""

    def __init__(self, code: str, says: str) -> None:
        super().__init__(says)
        self.code = code


class VnswSoapAgency(SimulatedAgency):
    """The ministry's side of the protocol."""

    drops_repeats: ClassVar[bool] = True

    def __init__(self, *, sealed: bool) -> None:
        self._key = AESGCM.generate_key(256) if sealed else None
        self._own: threading.local = threading.local()
        pack = packs().in_force(PROCEDURE, datetime.now(UTC).date())
        if pack is None:
            raise RuntimeError(f"no pack of {PROCEDURE}")
        self._pack: Pack = pack
        super().__init__()

    def way(self, url: str, nowhere: str) -> Way:
        """How the adapter reaches it."""
        settings: dict[str, Any] = {"url": url + _DOOR, "ministry": dict(MINISTRY)}
        settings["payload"] = "plain" if self._key is None else "aes"
        return Way(
            settings=settings,
            nowhere=settings | {"url": nowhere + _DOOR},
            wrong=settings | {"url": "http://gateway.example/nsw"},
            secrets={} if self._key is None else {PAYLOAD_KEY: self._key.hex().encode()},
        )

    def next_trouble(self, request: Request) -> Trouble | None:
        """Some troubles are said in the protocol's own words, in `respond`."""
        trouble = super().next_trouble(request)
        self._own.trouble = trouble if trouble in ("refuse", "err", "wrong-id") else None
        return None if self._own.trouble else trouble

    def respond(self, request: Request) -> Response:
        """Take a message in, once it is as deployed."""
        if request.path != _DOOR or request.method != "POST":
            return Response(404)
        if self._own.trouble == "err":
            return Response(500, _fault("Server", "Internal error"), "text/xml")
        try:
            message = self._opened(_payload(request))
        except NotAsDeployed as error:
            return Response(500, _fault("Client", str(error)), "text/xml")
        header: dict[str, str] = {}
        try:
            root = _parsed(message)
            header = _header(root)
            self._take(root, header)
        except NotAsDeployed as error:
            listed = f"<ErrorCode>{error.code}</ErrorCode><ErrorName>{escape(str(error))}</ErrorName>"
            return self._answer(header, "00", f"<ErrorList><Error>{listed}</Error></ErrorList>")
        if self._own.trouble == "wrong-id":
            header |= {"messageId": "ffffffff-ffff-ffff-ffff-ffffffffffff"}
        return self._answer(header, "99", f"<ReceiveDate>{_now()}</ReceiveDate>")

    def _take(self, root: Tree.Element, header: Mapping[str, str]) -> None:
        if self._own.trouble == "refuse":
            raise NotAsDeployed("ERR05", "RegistrationProfile/ImporterTel: is not a telephone number")
        key = (header["type"], header["function"])
        of = contents(header["documentType"]).get(key)
        told = {(one.type, one.function): one.tells for one in self._pack.messages.outgoing}.get(key)
        if header["documentType"] != PROCEDURE or of is None:
            raise NotAsDeployed("ERR01", "the procedure is not known")
        if told is None:
            raise NotAsDeployed("ERR04", "the type is not known")
        content = root.find("Body/Content")
        if content is None or [child.tag for child in content] != [of.name]:
            raise NotAsDeployed("ERR05", f"Content: {of.name} is expected")
        wrong = next(_wrong(of, content[0], of.name), None)
        if wrong is not None:
            raise NotAsDeployed("ERR05", wrong)
        self.arrived(UUID(header["messageId"]).hex, header["reference"], told, list(content.itertext()), header)

    def message(self, saying: Saying) -> tuple[Mapping[str, str], bytes]:
        """A message of the agency's own accord, good or spoiled."""
        message = self._pack_message(saying)
        number = saying.number
        header = {"messageId": saying.id, "documentType": PROCEDURE, "type": message.type, "reference": number}
        content = _filled(contents(PROCEDURE)[message.type, message.function], _elements(message, saying), number)
        ministry = "BYTE" if saying.spoiled == "wrong-agency" else MINISTRY["ministry_code"]
        text = _envelope(header, message.function, content, ministry)
        if saying.spoiled == "deep":
            text = _bomb()
        payload = text if saying.spoiled in ("unsigned", "deep") else self._sealed(text)
        if saying.spoiled == "tampered":
            middle = len(payload) // 2
            payload = payload[:middle] + ("A" if payload[middle] != "A" else "B") + payload[middle + 1 :]
        body = _wrapped("receiveRequest", "requestPayload", payload)
        headers = {"content-type": "text/xml; charset=utf-8", "soapaction": '""'}
        return headers, b"<<< \xff what?" if saying.spoiled == "garbage" else body

    def _pack_message(self, saying: Saying) -> Incoming:
        outcome = saying.fields.get("outcome")
        return next(one for one in self._pack.messages.incoming if (one.means, one.outcome) == (saying.kind, outcome))

    def deep(self) -> bytes:
        """An answer whose entities multiply."""
        return _bomb().encode()

    def _answer(self, header: Mapping[str, str], function: str, content: str) -> Response:
        text = _envelope(header, function, content, MINISTRY["ministry_code"])
        body = _wrapped("sendToMinistryResponse", "responsePayload", self._sealed(text))
        return Response(200, body, "text/xml; charset=utf-8")

    def _sealed(self, text: str) -> str:
        if self._key is None:
            return text
        nonce = os.urandom(_NONCE)
        return b64encode(nonce + AESGCM(self._key).encrypt(nonce, text.encode(), None)).decode()

    def _opened(self, payload: str) -> str:
        if self._key is None:
            return payload
        try:
            raw = b64decode(payload, validate=True)
            return AESGCM(self._key).decrypt(raw[:_NONCE], raw[_NONCE:], None).decode()
        except (ValueError, InvalidTag):
            raise NotAsDeployed("ERR02", "the payload does not open") from None


def _payload(request: Request) -> str:
    """The request's payload, out of its SOAP."""
    if not request.headers.get("content-type", "").startswith("text/xml") or "soapaction" not in request.headers:
        raise NotAsDeployed("ERR02", "no SOAP 1.1 request")
    try:
        root = Tree.fromstring(request.body)  # noqa: S314  # a test agency reads the window's messages only
    except Tree.ParseError:
        raise NotAsDeployed("ERR02", "no XML") from None
    found = root.find(f"{_SOAP}Body/{_SERVICE}sendToMinistryRequest/{_SERVICE}requestPayload")
    if root.tag != f"{_SOAP}Envelope" or found is None or not found.text or len(found):
        raise NotAsDeployed("ERR02", "no sendToMinistryRequest")
    return found.text


def _parsed(message: str) -> Tree.Element:
    try:
        root = Tree.fromstring(message)  # noqa: S314
    except Tree.ParseError:
        raise NotAsDeployed("ERR02", "the payload is no XML") from None
    if root.tag != "Envelope" or [child.tag for child in root] != ["Header", "Body"]:
        raise NotAsDeployed("ERR00", "Envelope: Header and Body are expected")
    return root


_PARTY: Final = ("name", "identity", "countryCode", "ministryCode", "organizationCode")
_SUBJECT: Final = (
    "documentType", "type", "function", "reference", "documentYear", "preReference", "preDocumentYear", "sendDate",
)  # fmt: skip


def _header(root: Tree.Element) -> dict[str, str]:
    """The header's texts by name, when its elements stand as deployed."""
    header = root[0]
    if [child.tag for child in header] != ["Reference", "From", "To", "Subject"]:
        raise NotAsDeployed("ERR00", "Header: Reference, From, To, Subject are expected")
    reference, sender, to, subject = header
    for party in (sender, to):
        names = tuple(child.tag for child in party)
        if names not in (_PARTY, (*_PARTY, "unitCode")) or not (party[0].text or "").strip():
            raise NotAsDeployed("ERR00", f"{party.tag}: is not as deployed")
    if sender.findtext("name") != "Cổng thông tin một cửa quốc gia" or sender.findtext("unitCode") != "NSW":
        raise NotAsDeployed("ERR00", "From: is not the window")
    if to.findtext("ministryCode") != MINISTRY["ministry_code"]:
        raise NotAsDeployed("ERR00", "To: is another ministry")
    if tuple(child.tag for child in subject) != _SUBJECT or not _MOMENT.fullmatch(subject.findtext("sendDate", "")):
        raise NotAsDeployed("ERR00", "Subject: is not as deployed")
    message_id = reference.findtext("messageId", "")
    if len(message_id) != 36:  # noqa: PLR2004  # a UUID
        raise NotAsDeployed("ERR00", "Reference/messageId: must be a UUID")
    return {child.tag: child.text or "" for child in subject} | {"messageId": message_id}


def _wrong(of: Element, node: Tree.Element, path: str) -> Iterator[str]:
    """What is not as deployed in an element: order, presence, lengths, patterns."""
    places = {child.name: place for place, child in enumerate(of.children)}
    last = -1
    for child in node:
        place = places.get(child.tag, -1)
        if place < last or place < 0 or (place == last and not of.children[place].repeats):
            yield f"{path}/{child.tag}: stands where it may not"
            return
        last = place
        yield from _wrong(of.children[place], child, f"{path}/{child.tag}")
    if not of.children:
        yield from _wrong_text(of, node.text or "", path)
    there = {child.tag for child in node}
    for needed in of.children:
        if not needed.optional and needed.name not in there:
            yield f"{path}/{needed.name}: is missing"


def _wrong_text(of: Element, text: str, path: str) -> Iterator[str]:
    if of.longest is not None and len(text) > of.longest:
        yield f"{path}: is longer than {of.longest}"
    if of.not_blank and not text.strip():
        yield f"{path}: is blank"
    if of.kind == "datetime" and text and not _MOMENT.fullmatch(text):
        yield f"{path}: is no moment"
    if of.kind in ("short", "long") and not re.fullmatch(r"-?\d+", text):
        yield f"{path}: is no whole number"
    if of.kind == "decimal" and not re.fullmatch(rf"-?\d+(\.\d{{0,{of.digits}}}0*)?", text):
        yield f"{path}: is no decimal of {of.digits} digits"


def _elements(message: Incoming, saying: Saying) -> dict[str, str]:
    """The content's elements that say this, by the pack's table read the other way."""
    local = saying.decided_at.astimezone(UTC) + timedelta(hours=7)
    said = {**saying.fields, "decided_at": f"{local:%Y-%m-%d %H:%M:%S}"}
    return {text.partition(", or ")[0]: str(said[field]) for field, text in message.fields.items() if field in said}


def _filled(of: Element, said: Mapping[str, str], number: str) -> str:
    """A content with what is said, and something wherever something must stand."""
    usual = {"datetime": _now(), "short": "1", "long": "1", "decimal": "1", "text": "Thử"}
    inner = []
    for child in of.children:
        text = number if child.name == "NSWFileCode" else said.get(child.name)
        if text is None and not child.optional:
            text = usual[child.kind]
        if text is not None:
            inner.append(f"<{child.name}>{escape(text)}</{child.name}>")
    return f"<{of.name}>{''.join(inner)}</{of.name}>"


def _envelope(header: Mapping[str, str], function: str, content: str, ministry: str) -> str:
    called = header.get("reference", "-")
    subject = {
        "documentType": header.get("documentType", "-"), "type": header.get("type", "-"), "function": function,
        "reference": called, "documentYear": _now()[:4], "preReference": called, "preDocumentYear": _now()[:4],
        "sendDate": _now(),
    }  # fmt: skip
    return (
        f"<Envelope><Header><Reference><version>1.0</version><messageId>{escape(header.get('messageId', ''))}"
        f"</messageId></Reference><From><name>{MINISTRY['name']}</name><identity>KD-THU</identity><countryCode>VN"
        f"</countryCode><ministryCode>{ministry}</ministryCode><organizationCode>TY</organizationCode></From>"
        "<To><name>Cổng thông tin một cửa quốc gia</name><identity>NSW</identity><countryCode>VN</countryCode>"
        "<ministryCode>BTC</ministryCode><organizationCode>TCHQ</organizationCode><unitCode>NSW</unitCode></To>"
        f"<Subject>{''.join(f'<{name}>{escape(text)}</{name}>' for name, text in subject.items())}</Subject></Header>"
        f"<Body><Content>{content}</Content></Body></Envelope>"
    )


def _wrapped(element: str, name: str, payload: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>'
        f'<{element} xmlns="http://com/vnsw/ws/generated"><{name}>{escape(payload)}</{name}></{element}></S:Body>'
        "</S:Envelope>"
    ).encode()


def _fault(code: str, says: str) -> bytes:
    return (
        '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><S:Fault>'
        f"<faultcode>S:{code}</faultcode><faultstring>{escape(says)}</faultstring></S:Fault></S:Body></S:Envelope>"
    ).encode()


def _bomb() -> str:
    """Entities that multiply, which no reader may follow."""
    lines = ['<!ENTITY a0 "ha">'] + [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    return f"<!DOCTYPE Envelope [{''.join(lines)}]><Envelope>&a9;</Envelope>"


def _now() -> str:
    return f"{datetime.now(UTC) + timedelta(hours=7):%Y-%m-%d %H:%M:%S}"


def main() -> None:
    """Run it until standard input ends."""
    parser = argparse.ArgumentParser(description="A test agency that speaks vnsw-soap.")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    run(VnswSoapAgency(sealed=not options.plain), options.port)


if __name__ == "__main__":
    main()
