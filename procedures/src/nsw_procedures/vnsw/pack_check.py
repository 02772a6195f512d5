"""What is wrong with a pack whose ministry takes XML: messages nobody can fill, read, or read back."""

from collections.abc import Iterator
from typing import Any, Final

from lxml import etree
from nsw_contracts.events import AGENCY_FACTS, DossierContent, says
from pydantic import ValidationError

from nsw_procedures.example import example_content
from nsw_procedures.example_check import ExampleFault
from nsw_procedures.pack import Incoming, Outgoing, Pack
from nsw_procedures.vnsw.hearing import dossier_data, heard
from nsw_procedures.vnsw.incoming import or_else
from nsw_procedures.vnsw.plan import BRING_A_DOSSIER, NoPlan, Plan, content_of, outgoing
from nsw_procedures.vnsw.schema import Element
from nsw_procedures.vnsw.telling import Untold, told

_FACTS: Final = {says(kind): model for kind, model in AGENCY_FACTS.items()}
_TOLD_BESIDE: Final = {"number": "000000000000", "reason": "-", "filed_at": "2026-01-01 00:00:00"}


def message_faults(pack: Pack) -> list[ExampleFault]:
    """All that is wrong with a pack's messages, by the field of the pack; empty where it speaks another protocol."""
    if pack.messages.protocol != "vnsw":
        return []
    return [
        *(
            ExampleFault(f"messages/outgoing/{index}", said)
            for index, one in enumerate(pack.messages.outgoing)
            for said in _outgoing(pack, one)
        ),
        *(
            ExampleFault(f"messages/incoming/{index}", said)
            for index, one in enumerate(pack.messages.incoming)
            for said in _incoming(pack, one)
        ),
    ]


def _outgoing(pack: Pack, message: Outgoing) -> Iterator[str]:
    try:
        plan = outgoing(pack, message)
    except (NoPlan, ValueError) as error:
        yield str(error)
        return
    missing = [path for path in _needed(plan.of) if path not in plan.sources]
    if missing:
        yield f"nothing fills {', '.join(missing)}"
        return
    for index, example in enumerate(pack.examples):
        try:
            content = example_content(pack, example)
            node = told(plan, content.model_dump(mode="json") | _TOLD_BESIDE)
        except ValidationError:
            return  # the example's own check says it
        except Untold as error:
            yield f"example {index} cannot be told: {error}"
            continue
        if message.tells in BRING_A_DOSSIER:
            yield from (f"example {index}: {said}" for said in _read_back(pack, plan, node, content))


def _read_back(pack: Pack, plan: Plan, node: etree._Element, content: DossierContent) -> Iterator[str]:
    said = heard(plan, node)
    yield from map(str, said.faults)
    data: dict[str, Any] = dossier_data(pack, said, content.declarant.tax_code)
    try:
        if DossierContent.model_validate(data) != content:
            yield "is another dossier when it is read back"
    except ValidationError as error:
        yield f"is no dossier when it is read back: {error.errors(include_url=False)[0]['loc']}"


def _needed(of: Element, path: str = "") -> Iterator[str]:
    """The elements that must be there wherever what is around them is."""
    for child in of.children:
        here = f"{path}/{child.name}" if path else child.name
        if child.children:
            yield from _needed(child, here)
        elif not child.optional:
            yield here


def _incoming(pack: Pack, message: Incoming) -> Iterator[str]:
    try:
        of = content_of(pack, message)
    except NoPlan as error:
        yield str(error)
        return
    known = {path for path, _ in of.leaves()}
    fact = _FACTS[message.means].model_fields
    for field, text in message.fields.items():
        element, _ = or_else(text)
        if element not in known:
            yield f"fields/{field}: {of.name} has no element {element}"
        if field not in fact:
            yield f"fields/{field}: the fact {message.means} has no such field"
    for field, info in fact.items():
        if info.is_required() and field not in (*message.fields, "number", "agency", "message_id", "outcome"):
            yield f"fields: the fact {message.means} needs {field}"
