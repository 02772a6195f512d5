"""A ministry's message as what the agency says: by the pack's `incoming` table and nothing it claims itself. Pure."""

from datetime import date
from hashlib import sha256
from typing import Any, Final, NamedTuple

from nsw_contracts.adapter import Said, say
from nsw_contracts.number import is_dossier_number
from nsw_procedures.packs import packs
from nsw_procedures.vnsw.envelope import Envelope, ErrorCode, MessageRefused
from nsw_procedures.vnsw.incoming import said
from nsw_procedures.vnsw.plan import NoPlan, heard_as
from nsw_procedures.vnsw.schema import Fault
from pydantic import ValidationError

_HEADER: Final = "Envelope/Header"


class Sayer(NamedTuple):
    """Which agency may say something here, and how its system names its ministry."""

    agency: str
    ministry_code: str


def said_by(envelope: Envelope, body: bytes, sayer: Sayer, on: date) -> Said:
    """What a message says; `body` are its bytes, `on` the local day.

    Raises:
        MessageRefused: with the deployed error code; each fault names its element.
    """
    if envelope.sender.ministry_code.strip() != sayer.ministry_code:
        raise _refused("ERR00", "From/ministryCode", "is not the ministry that is connected here")
    number = envelope.subject.reference.strip()
    if not is_dossier_number(number):
        raise _refused("ERR00", "Subject/reference", "must be the dossier's number: twelve digits")
    pack = packs().in_force(envelope.subject.document_type.strip(), on)
    if pack is None or pack.messages.protocol != "vnsw" or sayer.agency not in pack.agencies:
        raise _refused("ERR01", "Subject/documentType", "is no procedure of this agency's")
    message = heard_as(pack, envelope.subject.type.strip(), envelope.subject.function.strip())
    if message is None:
        known = ", ".join(f"{one.type}/{one.function}" for one in pack.messages.incoming)
        raise _refused("ERR04", "Subject/type", f"with its function, must be one of {known}")
    try:
        fields, faults = said(pack, message, envelope.content)
    except NoPlan as error:
        raise _refused("ERR04", "Subject/type", str(error)) from None
    if faults:
        raise MessageRefused("ERR05", faults)
    if fields.pop("number", number) != number:
        raise MessageRefused(
            "ERR05", [Fault(f"{message.content}/NSWFileCode", "differs from Header/Subject/reference")]
        )
    try:
        fact = say(message.means, number=number, agency=sayer.agency, **fields)
        return Said(id=_id(envelope, body), facts=(fact,))
    except ValidationError as error:
        raise MessageRefused("ERR05", _faults(error, message.content, message.fields)) from None


def _id(envelope: Envelope, body: bytes) -> str:
    """The message's own id; without one, the digest of its bytes: sent again as it was, it is the same message."""
    return envelope.message_id or f"sha256:{sha256(body).hexdigest()}"


def _faults(error: ValidationError, content: str, fields: Any) -> list[Fault]:
    found = []
    for one in error.errors(include_url=False, include_input=False, include_context=False):
        field = str(one["loc"][0]) if one["loc"] else ""
        element = fields.get(field, "").partition(", or ")[0]
        path = f"{_HEADER}/Reference/messageId" if field == "id" else f"{content}/{element}" if element else content
        found.append(Fault(path, one["msg"]))
    return found


def _refused(code: ErrorCode, element: str, says: str) -> MessageRefused:
    return MessageRefused(code, [Fault(f"{_HEADER}/{element}", says)])
