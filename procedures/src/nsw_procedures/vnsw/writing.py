"""Builds an element by its schema: what plain data holds, in the deployed order, or every fault with its path."""

from collections.abc import Mapping
from typing import Any

from lxml import etree

from nsw_procedures.vnsw.schema import Element, Fault, wrong_text


def build(of: Element, value: Mapping[str, Any], around: str = "") -> tuple[etree._Element, list[Fault]]:
    """The element of a group from data as `reading.read` gives it, and what is wrong with that data.

    Raises:
        ValueError: the data holds what this element does not have: a slip of the program's, not of the data.
    """
    faults: list[Fault] = []
    node = etree.Element(of.name)
    _fill(of, node, value, f"{around}/{of.name}" if around else of.name, faults)
    return node, faults


def to_bytes(node: etree._Element) -> bytes:
    """An element as a document of its own, in UTF-8."""
    return etree.tostring(node, encoding="UTF-8", xml_declaration=True)


def _fill(of: Element, node: etree._Element, value: Mapping[str, Any], path: str, faults: list[Fault]) -> None:
    unknown = value.keys() - {one.name for one in of.children}
    if unknown:
        raise ValueError(f"{path} has no {', '.join(sorted(unknown))}")
    for one in of.children:
        here = f"{path}/{one.name}"
        inner = value.get(one.name)
        if inner is None:
            if not one.optional:
                faults.append(Fault(here, "is missing"))
        elif one.repeats:
            for index, row in enumerate(inner, start=1):
                _add(one, node, row, f"{here}[{index}]", faults)
        else:
            _add(one, node, inner, here, faults)


def _add(of: Element, node: etree._Element, value: Any, path: str, faults: list[Fault]) -> None:
    if of.kind == "anything":
        node.append(value)
        return
    child = etree.SubElement(node, of.name)
    if of.kind == "group":
        _fill(of, child, value, path, faults)
        return
    says = wrong_text(of, value)
    if says is not None:
        faults.append(Fault(path, says))
    else:
        child.text = value
