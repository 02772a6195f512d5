"""What a business asks for in an XML message: the same submissions and commands as in JSON. Pure.

A message's function says what the business thinks it does; whether a change is an edit or a request for one, and a
withdrawal needs consent, the dossier's status decides (functions 02 and 11, 04 and 08).
"""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any, Final, NamedTuple

from nsw_contracts.events import DossierContent, TaxCode
from nsw_contracts.lifecycle import Command, Told
from nsw_contracts.number import is_dossier_number
from nsw_procedures.pack import Outgoing, Pack
from nsw_procedures.packs import packs
from nsw_procedures.vnsw.envelope import Envelope, ErrorCode, MessageRefused
from nsw_procedures.vnsw.hearing import Heard, dossier_data, heard
from nsw_procedures.vnsw.plan import NoPlan, outgoing, told_as
from nsw_procedures.vnsw.schema import Fault
from nsw_runtime.problems import FieldError, Problem
from pydantic import TypeAdapter, ValidationError

from nsw_intake.commands import AmendmentBody, Body, SupplementBody, WithdrawalBody
from nsw_intake.incoming import is_key
from nsw_intake.parsing import ERRORS_SHOWN, filed_now, valid, valid_content

_HEADER: Final = "Envelope/Header"
_TAX_CODE: Final[TypeAdapter[str]] = TypeAdapter(TaxCode)

EDIT_REASON: Final = "Sửa hồ sơ khi chờ tiếp nhận"
WITHDRAWAL_REASON: Final = "Rút hồ sơ khi chờ tiếp nhận"
"""Messages 10/02 and 12/04 have no element for a reason; these are said instead."""

COMMANDS: Final[Mapping[Told, Command]] = {
    "edited": "amendment",
    "supplemented": "supplement",
    "withdrawn": "withdrawal",
    "withdrawal-requested": "withdrawal",
    "amendment-requested": "amendment",
}


class Filed(NamedTuple):
    """A new dossier, judged by its pack."""

    content: DossierContent
    pack: Pack


class Asked(NamedTuple):
    """A command about the dossier of this number."""

    number: str
    command: Command
    body: Body


class Message(NamedTuple):
    """A message that was understood: whose it is, the key by which repeats are known, and what it asks for.

    `said` knows the element behind each field, for what is found wrong later.
    """

    declarant: str
    key: str
    asks: Filed | Asked
    said: Heard


def understood(envelope: Envelope, body: bytes, on: date) -> Message:
    """What a message asks for, judged as its JSON would be on this local day. `body` are the message's bytes.

    Raises:
        MessageRefused: with the deployed error code; each fault names its element.
    """
    declarant = _declarant(envelope)
    key = _key(envelope, body)
    pack, message = _procedure(envelope, on)
    try:
        plan = outgoing(pack, message)
    except NoPlan as error:
        raise _refused("ERR01", "Subject/documentType", f"takes no XML: {error}") from None
    if envelope.content.tag != plan.of.name:
        says = f"message {message.type}/{message.function} brings {plan.of.name}"
        raise MessageRefused("ERR05", [Fault("Envelope/Body/Content", says)])
    said = heard(plan, envelope.content)
    if said.faults:
        raise MessageRefused("ERR05", said.faults)
    try:
        asks = _asks(envelope, message, pack, said, declarant, on)
    except Problem as problem:
        raise refusal(problem, said) from None
    return Message(declarant, key, asks, said)


def refusal(problem: Problem, said: Heard) -> MessageRefused:
    """A problem of a dossier or command as a message's: each wrong field by the element it came from.

    Raises:
        Problem: this one, where it is not about what was sent: not available now, not allowed.
    """
    match problem.status:
        case 422 if problem.errors:
            faults = dict.fromkeys(_fault(one, said) for one in problem.errors)  # one element may fill two fields
            return MessageRefused("ERR05", list(faults)[:ERRORS_SHOWN])
        case 404 | 409 | 422:
            return MessageRefused("ERR00", [Fault(_place_of(problem), f"{problem.title}. {problem.detail}")])
    raise problem


def _place_of(problem: Problem) -> str:
    return f"{_HEADER}/Reference/messageId" if problem.status == 422 else f"{_HEADER}/Subject/reference"  # noqa: PLR2004


def _fault(error: FieldError, said: Heard) -> Fault:
    pointer = error.pointer.removeprefix("/dossier")
    if pointer == "/procedure":
        return Fault(f"{_HEADER}/Subject/documentType", error.detail)
    if pointer == "/declarant/tax_code":
        return Fault(f"{_HEADER}/From/identity", error.detail)
    return Fault(said.element(pointer), error.detail)


def _declarant(envelope: Envelope) -> str:
    tax_code = envelope.sender.identity.strip()
    try:
        return _TAX_CODE.validate_python(tax_code)
    except ValidationError:
        raise _refused("ERR00", "From/identity", "must be the tax code of the business that files") from None


def _key(envelope: Envelope, body: bytes) -> str:
    """The message's id; without one, the digest of its bytes: sent again as it was, it is the same message."""
    if envelope.message_id is None:
        return f"sha256:{sha256(body).hexdigest()}"
    if not is_key(envelope.message_id):
        raise _refused("ERR00", "Reference/messageId", "must be visible ASCII characters, such as a UUID")
    return envelope.message_id


def _procedure(envelope: Envelope, on: date) -> tuple[Pack, Outgoing]:
    subject = envelope.subject
    code = subject.document_type.strip()
    pack = packs().in_force(code, on)
    if pack is None:
        raise _refused("ERR01", "Subject/documentType", "no procedure of the window has this code in force")
    if pack.messages.protocol != "vnsw":
        raise _refused("ERR01", "Subject/documentType", "this procedure takes no XML; file it with POST /v1/dossiers")
    message = told_as(pack, subject.type.strip(), subject.function.strip())
    if message is None or (message.tells != "submitted" and message.tells not in COMMANDS):
        known = ", ".join(f"{one.type}/{one.function}" for one in pack.messages.outgoing)
        raise _refused("ERR04", "Subject/type", f"with its function, must be one of {known}")
    return pack, message


def _asks(envelope: Envelope, message: Outgoing, pack: Pack, said: Heard, declarant: str, on: date) -> Filed | Asked:
    if message.tells == "submitted":
        content = valid_content(dossier_data(pack, said, declarant))
        return Filed(content, filed_now(content, on))
    number = _number(envelope, said)
    command = COMMANDS[message.tells]
    reason = said.data.get("reason")
    match command:
        case "supplement":
            body: Any = {"dossier": dossier_data(pack, said, declarant)}
            return Asked(number, command, valid(SupplementBody, body))
        case "amendment":
            body = {"dossier": dossier_data(pack, said, declarant), "reason": reason or EDIT_REASON}
            return Asked(number, command, valid(AmendmentBody, body))
    return Asked(number, command, valid(WithdrawalBody, {"reason": reason or WITHDRAWAL_REASON}))


def _number(envelope: Envelope, said: Heard) -> str:
    number = envelope.subject.reference.strip()
    if not is_dossier_number(number):
        raise _refused("ERR00", "Subject/reference", "must be the dossier's number: twelve digits, as on its receipt")
    if said.data.get("number", number).strip() != number:
        raise MessageRefused("ERR05", [Fault(said.element("/number"), "differs from Header/Subject/reference")])
    return number


def _refused(code: ErrorCode, element: str, says: str) -> MessageRefused:
    return MessageRefused(code, [Fault(f"{_HEADER}/{element}", says)])
