"""XML messages for intake's tests: a dossier of the aquatic quarantine as its business would send it, and spoiled."""

from datetime import date
from typing import Any

from nsw_contracts.events import DossierContent
from nsw_procedures.pack import Pack
from nsw_procedures.packs import packs
from nsw_procedures.vnsw.envelope import WINDOW, Envelope, Party, Subject, write_envelope
from nsw_procedures.vnsw.plan import outgoing, told_as
from nsw_procedures.vnsw.telling import told

AQUATIC = "BNNPTNT0600009"
MESSAGE_ID = "6f9619ff-8b86-4011-b42d-00c04fc964ff"


def aquatic(on: date) -> Pack:
    found = packs().in_force(AQUATIC, on)
    assert found is not None
    return found


def message(
    content: DossierContent, function: str = "10/01", *, number: str = "VD-2026-001", on: date, reason: str = "Đổi tàu",
    message_id: str | None = MESSAGE_ID,
) -> bytes:  # fmt: skip
    """The message of this type and function about a dossier, in an envelope from its business."""
    pack = aquatic(on)
    kind, _, of = function.partition("/")
    one = told_as(pack, kind, of)
    assert one is not None
    data: dict[str, Any] = {"number": number, "reason": reason, "filed_at": "2026-03-02 09:00:00"}
    node = told(outgoing(pack, one), content.model_dump(mode="json") | data)
    sender = Party(content.declarant.name, content.declarant.tax_code)
    subject = Subject(pack.code, kind, of, number, on.year, "VD-2026-001", on.year, f"{on} 09:00:00")
    return write_envelope(Envelope(sender, WINDOW, subject, node, message_id, "1.0"))
