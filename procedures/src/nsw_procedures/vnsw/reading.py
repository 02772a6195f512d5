"""Reads an element by its schema: order, names, lengths and types as deployed, or every fault with its element's path.

What was read is plain data: a group is a dict of what is there, what repeats a list, everything else a text.
"""

from typing import Any, Final

from lxml import etree

from nsw_procedures.vnsw.schema import Element, Fault, collapsed, wrong_text

FAULTS_SHOWN: Final = 20
_HINTS: Final = frozenset(
    f"{{http://www.w3.org/2001/XMLSchema-instance}}{name}" for name in ("schemaLocation", "noNamespaceSchemaLocation")
)
"""Attributes that say where a schema is. Any XML tool may write them; nothing is fetched from there."""


def read(of: Element, node: etree._Element, around: str = "") -> tuple[dict[str, Any], list[Fault]]:
    """What a group holds, and what is wrong with it; `around` is the path of the element it stands in.

    With faults, what could be read is there all the same.
    """
    faults: list[Fault] = []
    path = f"{around}/{of.name}" if around else of.name
    if node.tag != of.name:
        return {}, [Fault(path, f"is expected here, not {_tag(node)}")]
    found = _group(of, node, path, faults)
    return found, faults[:FAULTS_SHOWN]


def read_text(of: Element, node: etree._Element, around: str = "") -> tuple[str, list[Fault]]:
    """The text of an element that is no group, and what is wrong with it."""
    faults: list[Fault] = []
    path = f"{around}/{of.name}" if around else of.name
    return _leaf(of, node, path, faults), faults


def _group(of: Element, node: etree._Element, path: str, faults: list[Fault]) -> dict[str, Any]:
    _bare(node, path, faults)
    if _loose_text(node):
        faults.append(Fault(path, "holds text between its elements; put nothing there"))
    found: dict[str, Any] = {}
    place = 0
    for child in node:
        at = of.places.get(child.tag, -1) if isinstance(child.tag, str) else -1
        if at < place:
            faults.append(Fault(path, _misplaced(of, child)))
            continue
        schema, place = of.children[at], at
        here = f"{path}/{schema.name}"
        if schema.repeats:
            rows = found.setdefault(schema.name, [])
            rows.append(_value(schema, child, f"{here}[{len(rows) + 1}]", faults))
        elif schema.name in found:
            faults.append(Fault(here, "stands twice; send it once"))
        else:
            found[schema.name] = _value(schema, child, here, faults)
    faults += [
        Fault(f"{path}/{one.name}", "is missing") for one in of.children if not one.optional and one.name not in found
    ]
    return found


def _value(of: Element, node: etree._Element, path: str, faults: list[Fault]) -> Any:
    if of.kind == "anything":
        return node
    return _group(of, node, path, faults) if of.kind == "group" else _leaf(of, node, path, faults)


def _leaf(of: Element, node: etree._Element, path: str, faults: list[Fault]) -> str:
    _bare(node, path, faults)
    if len(node):
        faults.append(Fault(path, "holds elements; it takes a text"))
        return ""
    text = collapsed(of, node.text or "")
    says = wrong_text(of, text)
    if says is not None:
        faults.append(Fault(path, says))
    return text


def _misplaced(of: Element, node: etree._Element) -> str:
    names = [one.name for one in of.children]
    if node.tag in names:
        return f"{_tag(node)} stands too late or twice; the order is {', '.join(names)}"
    return f"{_tag(node)} is not known here; there are {', '.join(names)}"


def _bare(node: etree._Element, path: str, faults: list[Fault]) -> None:
    if len(node.attrib) and any(name not in _HINTS for name in node.attrib):
        faults.append(Fault(path, "has attributes; it takes none"))


def _loose_text(node: etree._Element) -> bool:
    return not _blank(node.text) or not all(_blank(child.tail) for child in node)


def _blank(text: str | None) -> bool:
    return text is None or text.isspace() or not text


def _tag(node: etree._Element) -> str:
    """An element's name as it may be repeated to who sent it: without its namespace, and short."""
    return etree.QName(node).localname[:60]
