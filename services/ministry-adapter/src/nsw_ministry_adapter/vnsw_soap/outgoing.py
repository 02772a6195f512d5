"""A delivery as the message its ministry knows: type and function from the pack, content by the pack's mapping. Pure.

The message id is the delivery's, as a UUID: the same however often it is tried.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from lxml import etree
from nsw_contracts.adapter import Delivery
from nsw_contracts.events import Forwarded, Routed
from nsw_procedures.calendar import local
from nsw_procedures.pack import Outgoing, Pack
from nsw_procedures.packs import packs
from nsw_procedures.vnsw.envelope import WINDOW, Envelope, Party, Subject, moment_text, write_envelope
from nsw_procedures.vnsw.plan import NoPlan, Plan, outgoing
from nsw_procedures.vnsw.telling import Untold, told

VERSION: Final = "1.0"


class Unspeakable(Exception):
    """The agency cannot be told this by its protocol; the text says why, by element paths and names alone."""


class NotKnownHere(Exception):
    """This release does not know the pack that the dossier is judged by."""


def message_of(delivery: Delivery, to: Party, at: datetime, urls: Mapping[str, str] | None = None) -> bytes:
    """The delivery's envelope, sent at this moment; `urls` by documents' SHA-256, where links are to be given.

    Raises:
        Unspeakable: the procedure has no such message, or it cannot carry what is in the dossier.
        NotKnownHere: the pack is one of a later release.
    """
    pack, message = _message(delivery)
    work = delivery.work
    data: dict[str, Any] = {} if work.content is None else work.content.model_dump(mode="json")
    data |= {"number": delivery.number, "filed_at": moment_text(work.routed_at)}
    if isinstance(work, Forwarded):
        data |= {"reason": work.reason or None, "reference": work.agency_reference or None}
    try:
        plan = outgoing(pack, message)
        content = told(plan, data)
    except NoPlan as error:
        raise Unspeakable(str(error)) from None
    except Untold as error:
        raise Unspeakable("; ".join(map(str, error.faults))) from None
    if urls is not None:
        _link(plan, content, data, urls)
    year = local(work.routed_at).year
    subject = Subject(
        pack.code, message.type, message.function, delivery.number, year, delivery.number, year, moment_text(at)
    )
    return write_envelope(Envelope(WINDOW, to, subject, content, str(UUID(delivery.message_id)), VERSION))


def documents_of(delivery: Delivery) -> tuple[str, ...]:
    """The SHA-256 of each document that the message names."""
    content = delivery.work.content
    return () if content is None else tuple(document.sha256 for document in content.documents)


def _procedure(work: Routed | Forwarded) -> str:
    """The procedure's code; of news from a release that did not name it, the only one that is told to this agency."""
    if work.content is not None:
        return work.content.procedure
    if isinstance(work, Forwarded) and work.procedure:
        return work.procedure
    told = [
        code
        for code in packs()
        if any(one.messages.protocol == "vnsw" and work.agency in one.agencies for one in packs().versions(code))
    ]
    return told[0] if len(told) == 1 else ""


def _message(delivery: Delivery) -> tuple[Pack, Outgoing]:
    work = delivery.work
    code = _procedure(work)
    pack = packs().version(code, delivery.pack_version)
    if pack is None:
        raise NotKnownHere(f"this release has no version {delivery.pack_version or '?'} of {code or 'the procedure'}")
    if pack.messages.protocol != "vnsw":
        raise Unspeakable(f"{code} is not spoken about in XML: its pack says `protocol: {pack.messages.protocol}`")
    message = next((one for one in pack.messages.outgoing if one.tells == work.what), None)
    if message is None:
        raise Unspeakable(f"{code} has no message that tells `{work.what}`")
    return pack, message


def _link(plan: Plan, content: etree._Element, data: Mapping[str, Any], urls: Mapping[str, str]) -> None:
    """Put a link in the place of each document's path."""
    path = next((path for path, source in plan.sources.items() if "documents/sha256" in source.places), None)
    if path is not None:
        for node, document in zip(content.iterfind(path), data["documents"], strict=True):
            node.text = urls[document["sha256"]]
