"""Dossiers for intake's tests: packs' examples, filed by a business of these tests, whole or with one field spoiled."""

from datetime import date
from typing import Any

from nsw_contracts.events import DossierContent
from nsw_procedures.example import example_content
from nsw_procedures.packs import packs

TODAY = date(2026, 3, 2)
DECLARANT = "0100109106"
FOOD = "BYTE0500009"  # goods, a form of its own, required documents


def example(code: str = FOOD) -> dict[str, Any]:
    """The first example of a procedure's pack, as the JSON a business sends."""
    pack = packs().in_force(code, TODAY)
    assert pack is not None
    content = example_content(pack, pack.examples[0]).model_dump(mode="json")
    return content | {"declarant": {"tax_code": DECLARANT, "name": "Công ty Một"}}


def spoiled(path: str, value: Any, code: str = FOOD) -> dict[str, Any]:
    """The example with the field at this pointer changed, or removed (`...`)."""
    return changed(example(code), path, value)


def changed(content: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """This content, its field at this pointer changed or removed (`...`) in place."""
    *way, last = path.strip("/").split("/")
    node: Any = content
    for part in way:
        node = node[int(part)] if isinstance(node, list) else node[part]
    if value is ...:
        del node[last]
    else:
        node[int(last) if isinstance(node, list) else last] = value
    return content


def content(value: dict[str, Any]) -> DossierContent:
    """A dossier that pydantic takes; the pack may not."""
    return DossierContent.model_validate(value)
