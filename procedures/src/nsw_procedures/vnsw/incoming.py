"""What a ministry's message says, as the fields of the agency's fact, by the pack's `incoming` table."""

from typing import Any

from lxml import etree

from nsw_procedures.pack import Incoming, Pack
from nsw_procedures.vnsw.plan import content_of
from nsw_procedures.vnsw.reading import read
from nsw_procedures.vnsw.schema import Element, Fault

_ZONE = "+07:00"
_SECONDS = len("2026-03-16 10:00:00")


def or_else(text: str) -> tuple[str, str]:
    """An element's path and what is said where it is empty: `Reason, or …`; nothing is said without it."""
    element, _, otherwise = text.partition(", or ")
    return element, otherwise


def said(pack: Pack, message: Incoming, node: etree._Element) -> tuple[dict[str, Any], list[Fault]]:
    """The fact's own fields (`decided_at` as ISO 8601), and what is wrong with the content.

    `NSWFileCode`, where the content has one, is given as `number`.
    """
    of = content_of(pack, message)
    found, faults = read(of, node)
    fields: dict[str, Any] = {}
    for field, text in message.fields.items():
        path, otherwise = or_else(text)
        value = _at(found, path) or otherwise
        if value:
            fields[field] = _moment(of, path, value)
    if message.outcome is not None:
        fields["outcome"] = message.outcome
    if number := found.get("NSWFileCode"):
        fields["number"] = number
    return fields, faults


def _moment(of: Element, path: str, text: str) -> str:
    """A text; a local moment as ISO 8601."""
    kind = dict(of.leaves())[path].kind
    return f"{text[:_SECONDS].replace(' ', 'T')}{_ZONE}" if kind in ("datetime", "moment") else text


def _at(found: Any, path: str) -> Any:
    for part in path.split("/"):
        found = found.get(part) if isinstance(found, dict) else None
    return found
