"""The envelope around every message, as deployed: who to whom, about what, and one content.

Nothing is believed of an envelope that is not whole: what is wrong comes as the deployed error code, with the path of
each element. The texts of times are local ones of Viet Nam.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import yaml
from lxml import etree

from nsw_procedures.calendar import local
from nsw_procedures.vnsw.reading import read
from nsw_procedures.vnsw.schema import MOMENT_FORMAT, Element, Fault, element
from nsw_procedures.vnsw.writing import build, to_bytes
from nsw_procedures.xml_reader import USUAL, Limits, XmlRefused, read_xml

ErrorCode = Literal["ERR00", "ERR01", "ERR02", "ERR03", "ERR04", "ERR05"]
ERRORS: Final[Mapping[ErrorCode, str]] = {
    "ERR00": "invalid message",
    "ERR01": "unknown procedure",
    "ERR02": "not parseable",
    "ERR03": "no procedure in the message",
    "ERR04": "unknown type",
    "ERR05": "body empty or invalid",
}

RECEIVED: Final = "99"
FAILED: Final = "00"


class MessageRefused(ValueError):
    """A message that is not taken: the deployed error code, and all that is wrong.

    `header` is what could be read of the header, to answer by; each of its texts is one that may stand there.
    """

    def __init__(self, code: ErrorCode, faults: Sequence[Fault], header: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {'; '.join(map(str, faults))}")
        self.code = code
        self.faults = tuple(faults)
        self.header = header or {}


@dataclass(frozen=True, slots=True)
class Party:
    """Who sends or receives. `identity` is a business's tax code, or what else its system is known by."""

    name: str
    identity: str
    country_code: str = "VN"
    ministry_code: str = ""
    organization_code: str = ""
    unit_code: str | None = None


WINDOW: Final = Party("Cổng thông tin một cửa quốc gia", "NSW", "VN", "BTC", "TCHQ", "NSW")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a message is about. `reference` is the dossier number, once there is one."""

    document_type: str
    type: str
    function: str
    reference: str
    document_year: int
    pre_reference: str
    pre_document_year: int
    send_date: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message. `content` is the one element in `Body/Content`, `signature` the text of `Body/Signature`."""

    sender: Party
    recipient: Party
    subject: Subject
    content: etree._Element
    message_id: str | None = None
    version: str | None = None
    signature: str | None = None


def moment_text(at: datetime) -> str:
    """A moment as messages have it: `yyyy-MM-dd HH:mm:ss`, local."""
    return local(at).strftime(MOMENT_FORMAT)


def parse_envelope(body: bytes, limits: Limits = USUAL) -> Envelope:
    """The envelope in a message's bytes.

    Raises:
        MessageRefused: ERR02, the XML is not read; ERR03, it names no procedure; ERR05, its body is empty or wrong;
            ERR00, anything else.
    """
    return envelope_of(root_of(body, limits))


def root_of(body: bytes, limits: Limits = USUAL) -> etree._Element:
    """A message's root element, not looked at any further.

    Raises:
        MessageRefused: ERR02, the XML is not read.
    """
    try:
        return read_xml(body, limits)
    except XmlRefused as error:
        raise MessageRefused("ERR02", [Fault("Envelope", str(error))]) from None


def envelope_of(root: etree._Element) -> Envelope:
    """The envelope in an element that was read by `read_xml`.

    Raises:
        MessageRefused: as `parse_envelope`.
    """
    found, faults = read(protocol("Envelope"), root)
    header = _usable(found.get("Header", {}), faults)
    if faults:
        raise MessageRefused(_code(found, faults), faults, header)
    if not found["Header"]["Subject"]["documentType"].strip():
        says = "names no procedure; put the procedure's code here"
        raise MessageRefused("ERR03", [Fault("Envelope/Header/Subject/documentType", says)], header)
    body = found["Body"]
    content = list(body["Content"])
    if len(content) != 1:
        says = f"holds {len(content)} elements; put the one content of the message here"
        raise MessageRefused("ERR05", [Fault("Envelope/Body/Content", says)], header)
    reference = found["Header"].get("Reference", {})
    return Envelope(
        sender=_party(found["Header"]["From"]),
        recipient=_party(found["Header"]["To"]),
        subject=_subject(found["Header"]["Subject"]),
        content=content[0],
        message_id=reference.get("messageId") or None,
        version=reference.get("version"),
        signature=body["Signature"].text if "Signature" in body else None,
    )


def write_envelope(envelope: Envelope) -> bytes:
    """An envelope as a document in UTF-8.

    Raises:
        MessageRefused: ERR00, a field of the header is nothing that may stand there.
    """
    holder = etree.Element("Content")
    holder.append(envelope.content)
    body = {"Content": holder}
    if envelope.signature is not None:
        body["Signature"] = etree.Element("Signature")
        body["Signature"].text = envelope.signature
    value: dict[str, Any] = {"Header": header_of(envelope), "Body": body}
    root, faults = build(protocol("Envelope"), value)
    if faults:
        raise MessageRefused("ERR00", faults)
    return to_bytes(root)


def header_of(envelope: Envelope) -> dict[str, Any]:
    """An envelope's header as plain data, as `MessageRefused` has it."""
    reference = {"version": envelope.version, "messageId": envelope.message_id}
    said = {name: text for name, text in reference.items() if text is not None}
    return {
        **({"Reference": said} if said else {}),
        "From": _party_value(envelope.sender),
        "To": _party_value(envelope.recipient),
        "Subject": _subject_value(envelope.subject),
    }


@cache
def _protocol() -> Mapping[str, Element]:
    text = (files(__package__) / "envelope.yaml").read_text(encoding="utf-8")
    return {name: element(name, value) for one in yaml.safe_load(text) for name, value in one.items()}


def protocol(name: Literal["Envelope", "ReceiveDate", "ErrorList"]) -> Element:
    """An element of the protocol itself."""
    return _protocol()[name]


def _code(found: Mapping[str, Any], faults: Sequence[Fault]) -> ErrorCode:
    subject = found.get("Header", {}).get("Subject", {})
    if any(fault.path.startswith("Envelope/Header") for fault in faults):
        named = subject.get("documentType", "").strip() if isinstance(subject, Mapping) else ""
        return "ERR00" if named or "Subject" not in found.get("Header", {}) else "ERR03"
    return "ERR05" if "Header" in found and "Subject" in found["Header"] else "ERR00"


def _usable(header: Mapping[str, Any], faults: Sequence[Fault]) -> dict[str, Any]:
    """The header without the texts that are wrong: they are not repeated in an answer."""
    wrong = {fault.path for fault in faults}
    usable: dict[str, Any] = {}
    for name, group in header.items():
        path = f"Envelope/Header/{name}"
        usable[name] = {key: text for key, text in group.items() if f"{path}/{key}" not in wrong}
    return usable


def _party(value: Mapping[str, str]) -> Party:
    return Party(
        value["name"],
        value["identity"],
        value["countryCode"],
        value["ministryCode"],
        value["organizationCode"],
        value.get("unitCode"),
    )


def _party_value(party: Party) -> dict[str, str | None]:
    return {
        "name": party.name,
        "identity": party.identity,
        "countryCode": party.country_code,
        "ministryCode": party.ministry_code,
        "organizationCode": party.organization_code,
        "unitCode": party.unit_code,
    }


def _subject(value: Mapping[str, str]) -> Subject:
    return Subject(
        value["documentType"],
        value["type"],
        value["function"],
        value["reference"],
        int(value["documentYear"]),
        value["preReference"],
        int(value["preDocumentYear"]),
        value["sendDate"],
    )


def _subject_value(subject: Subject) -> dict[str, str]:
    return {
        "documentType": subject.document_type,
        "type": subject.type,
        "function": subject.function,
        "reference": subject.reference,
        "documentYear": str(subject.document_year),
        "preReference": subject.pre_reference,
        "preDocumentYear": str(subject.pre_document_year),
        "sendDate": subject.send_date,
    }
