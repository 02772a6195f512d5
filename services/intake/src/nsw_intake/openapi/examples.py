"""Examples of what businesses send: a dossier for each procedure whose form is known, and a command of each kind."""

from functools import cache
from typing import Any, Final

from nsw_procedures.example import example_content
from nsw_procedures.pack import Outgoing
from nsw_procedures.packs import packs
from nsw_procedures.vnsw.envelope import WINDOW, Envelope, Party, Subject, write_envelope
from nsw_procedures.vnsw.plan import outgoing, told_as
from nsw_procedures.vnsw.soap import wrapped
from nsw_procedures.vnsw.telling import told

REFERENCE: Final = "#/components/examples/"
SHOWN: Final = "BYTE0500009"  # imported food: goods, a form of its own, documents
NUMBER: Final = "260000000017"
IN_XML: Final = "BNNPTNT0600009"
KIND: Final = "10"  # a dossier is filed
FUNCTION: Final = "01"
OWN: Final = "VD-001"  # the business's own reference
FILED_AT: Final = "2026-03-02 10:15:00"
MESSAGE_ID: Final = "7f6c2a52-30c4-4f5e-9a51-f1f0a4e3c6b2"


@cache
def dossiers() -> dict[str, Any]:
    """OpenAPI's example objects by procedure code: the first example of each pack's newest version."""
    found = {}
    for code in packs():
        pack = packs().versions(code)[-1]
        if pack.examples:
            example = pack.examples[0]
            content = example_content(pack, example).model_dump(mode="json")
            found[code] = {"summary": f"{pack.names.en} / {pack.names.vi}", "value": content}
    return found


def references() -> dict[str, Any]:
    """All of `dossiers`, by reference."""
    return {code: {"$ref": REFERENCE + code} for code in dossiers()}


def dossier() -> Any:
    """One dossier."""
    return dossiers()[SHOWN]["value"]


def xml() -> str:
    """A message that files a dossier of the one procedure whose message is known whole, function 01."""
    pack = packs().versions(IN_XML)[-1]
    message = told_as(pack, KIND, FUNCTION)
    if not isinstance(message, Outgoing):
        raise TypeError(f"{IN_XML} has no message that files a dossier")
    content = example_content(pack, pack.examples[0])
    dossier = content.model_dump(mode="json") | {"number": OWN, "reason": "", "filed_at": FILED_AT}
    subject = Subject(pack.code, KIND, FUNCTION, OWN, 2026, OWN, 2026, FILED_AT)
    sender = Party(content.declarant.name, content.declarant.tax_code)
    node = told(outgoing(pack, message), dossier)
    return write_envelope(Envelope(sender, WINDOW, subject, node, MESSAGE_ID, "1.0")).decode()


def soap() -> str:
    """The same in SOAP."""
    return wrapped(xml(), "receive", "Request").decode()


def registrations() -> list[Any]:
    """Lines of registrations."""
    return [
        {"issuer": "https://id.example.vn", "subject": "a8f5", "role": "declarant", "party": "0100109106"},
        {"issuer": "https://id.example.vn", "subject": "9c41", "role": "officer", "party": "BYTE"},
    ]


def commands() -> dict[str, Any]:
    """The body of each command."""
    return {
        "supplement": {"in_answer_to": 2, "dossier": dossier(), "note": "Bổ sung giấy chứng nhận kiểm nghiệm"},
        "amendment": {"dossier": dossier(), "reason": "Thay đổi cửa khẩu nhập"},
        "withdrawal": {"reason": "Lô hàng không về nữa"},
        "payment": {
            "in_answer_to": 3, "amount": "350000", "currency": "VND", "reference": "FT26061000123",
            "paid_at": "2026-03-02T10:15:00+07:00", "agency": "BYTE",
        },
    }  # fmt: skip


def lines() -> list[Any]:
    """Lines of a bulk request."""
    return [
        {"idempotency_key": "order-4711", "dossier": dossier()},
        {
            "idempotency_key": "order-4600-withdrawn", "number": NUMBER, "command": "withdrawal",
            "body": commands()["withdrawal"],
        },
    ]  # fmt: skip
