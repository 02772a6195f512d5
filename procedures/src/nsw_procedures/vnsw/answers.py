"""The technical answers to a message: 99, received at, or 00, with the errors. Both repeat the message's subject.

The answer's `reference` is the dossier's number where there is one, and `preReference` what the sender called it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from lxml import etree

from nsw_procedures.calendar import local
from nsw_procedures.vnsw.envelope import (
    ERRORS,
    FAILED,
    RECEIVED,
    WINDOW,
    Envelope,
    MessageRefused,
    Party,
    Subject,
    moment_text,
    protocol,
)
from nsw_procedures.vnsw.reading import read, read_text
from nsw_procedures.vnsw.schema import Fault
from nsw_procedures.vnsw.writing import build

_UNKNOWN: Final = "-"
"""In an answer to a message whose header cannot be read: every text of a header is needed, none may be blank."""


class Error(NamedTuple):
    """One error of an answer 00."""

    code: str
    name: str


class Received(NamedTuple):
    """An answer 99: when the message was received, as the receiver wrote it, and the number it goes by."""

    at: str
    reference: str


class Failed(NamedTuple):
    """An answer 00: the message was not taken."""

    errors: tuple[Error, ...]


def received(
    message: Envelope, at: datetime, *, number: str, by: Party = WINDOW, signature: str | None = None
) -> Envelope:
    """The answer 99 to a message that was taken in, about the dossier of this number.

    `signature` is the text of its `Body/Signature`, where the receiver signs.
    """
    content = etree.Element("ReceiveDate")
    content.text = moment_text(at)
    asked = message.subject
    subject = Subject(
        asked.document_type,
        asked.type,
        RECEIVED,
        number,
        local(at).year,
        asked.reference,
        asked.document_year,
        moment_text(at),
    )
    return Envelope(by, message.sender, subject, content, message.message_id, message.version, signature)


def errors_of(refused: MessageRefused) -> list[Error]:
    """What is wrong with a message, one error for each fault."""
    return [Error(refused.code, str(fault)) for fault in refused.faults] or [Error(refused.code, ERRORS[refused.code])]


def failed(header: Mapping[str, Any], at: datetime, errors: Sequence[Error], *, by: Party = WINDOW) -> Envelope:
    """The answer 00 to a message; `header` is what could be read of its header, as `MessageRefused` has it."""
    content, _ = build(
        protocol("ErrorList"), {"Error": [{"ErrorCode": one.code, "ErrorName": one.name} for one in errors]}
    )
    said, sender, reference = header.get("Subject", {}), header.get("From", {}), header.get("Reference", {})
    year = str(local(at).year)
    called = said.get("reference", _UNKNOWN)
    subject = Subject(
        said.get("documentType", "").strip() or _UNKNOWN,
        said.get("type", _UNKNOWN),
        FAILED,
        called,
        int(said.get("documentYear", year)),
        said.get("preReference", called),
        int(said.get("preDocumentYear", year)),
        moment_text(at),
    )
    to = Party(
        sender.get("name", _UNKNOWN),
        sender.get("identity", _UNKNOWN),
        sender.get("countryCode", ""),
        sender.get("ministryCode", ""),
        sender.get("organizationCode", ""),
        sender.get("unitCode"),
    )
    return Envelope(by, to, subject, content, reference.get("messageId") or None, reference.get("version"))


def read_answer(answer: Envelope) -> Received | Failed:
    """What an answer says.

    Raises:
        MessageRefused: ERR05, it is neither a good 99 nor a good 00.
    """
    faults: list[Fault]
    match answer.subject.function:
        case "99":
            at, faults = read_text(protocol("ReceiveDate"), answer.content, "Content")
            if answer.content.tag != "ReceiveDate":
                faults = [Fault("Content/ReceiveDate", "is missing")]
            said: Received | Failed = Received(at, answer.subject.reference)
        case "00":
            found, faults = read(protocol("ErrorList"), answer.content, "Content")
            said = Failed(
                tuple(Error(one.get("ErrorCode", ""), one.get("ErrorName", "")) for one in found.get("Error", ()))
            )
        case _:
            raise MessageRefused("ERR05", [Fault("Subject/function", "an answer is 99 or 00")])
    if faults:
        raise MessageRefused("ERR05", faults)
    return said
