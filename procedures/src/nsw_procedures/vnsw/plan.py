"""How one message of a pack and a dossier fill each other: each element's source, and the lists behind what repeats.

Made of the pack's data alone: `x-element` of the form's fields, the form's `x-from-dossier`, and the message's own
`elements`, which stand before both. The form's elements are filled wherever the element of its `x-element` stands.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from nsw_contracts.lifecycle import Told

from nsw_procedures.pack import Incoming, Outgoing, Pack
from nsw_procedures.vnsw.contents import contents
from nsw_procedures.vnsw.schema import Element
from nsw_procedures.vnsw.sources import Source, parse_source

LISTS: Final = ("consignment/goods", "documents")
"""The dossier's own lists. A form has more."""

BRING_A_DOSSIER: Final[frozenset[Told]] = frozenset({"submitted", "edited", "supplemented", "amendment-requested"})

LINE: Final = "line"
"""A form's list that stands beside the goods says with this field which line of them each row is about."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`sources` by the element's path below the content; `rows` the lists behind a repeated element, the first leads.

    `form` are the schemas of the form's fields by place. `lists` splits the places of `sources`: the list one is in and
    the field of its rows, or no list and the way from the dossier's root.
    """

    of: Element
    sources: Mapping[str, Source]
    rows: Mapping[str, tuple[str, ...]]
    form: Mapping[str, Mapping[str, Any]]
    lists: Mapping[str, tuple[str, tuple[str, ...]]]


class NoPlan(LookupError):
    """The pack's data cannot fill this message; the text says what is missing."""


def outgoing(pack: Pack, message: Outgoing) -> Plan:
    """How a message of the pack's is filled.

    Raises:
        NoPlan: as its text says.
    """
    return _plan(_Kept(pack, message))


def told_as(pack: Pack, kind: str, function: str) -> Outgoing | None:
    """The message of this type and function, where the pack has one."""
    return next((one for one in pack.messages.outgoing if (one.type, one.function) == (kind, function)), None)


def dossier_messages(pack: Pack) -> tuple[Outgoing, ...]:
    """The messages that bring a whole dossier, one for each content; none where the ministry is not told in XML."""
    if pack.messages.protocol != "vnsw":
        return ()
    found = {one.content: one for one in reversed(pack.messages.outgoing) if one.tells in BRING_A_DOSSIER}
    return tuple(found.values())


def heard_as(pack: Pack, kind: str, function: str) -> Incoming | None:
    """What a ministry's type and function mean, where the pack has them."""
    return next((one for one in pack.messages.incoming if (one.type, one.function) == (kind, function)), None)


def content_of(pack: Pack, message: Outgoing | Incoming) -> Element:
    """The content's element of a message.

    Raises:
        NoPlan: the contents do not have it, or under another name than the pack.
    """
    of = contents(pack.code).get((message.type, message.function))
    if of is None:
        raise NoPlan(f"the contents of {pack.code} have no message {message.type}/{message.function}")
    if of.name != message.content:
        raise NoPlan(f"message {message.type}/{message.function} brings {of.name}, not {message.content!r}")
    return of


class _Kept:
    """A pack and its message as the same ones again: what they hold cannot be hashed."""

    def __init__(self, pack: Pack, message: Outgoing) -> None:
        self.pack = pack
        self.message = message

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and self.pack is other.pack and self.message is other.message

    def __hash__(self) -> int:
        return hash((id(self.pack), id(self.message)))


@lru_cache(maxsize=1024)
def _plan(kept: _Kept) -> Plan:
    pack, message = kept.pack, kept.message
    of = content_of(pack, message)
    fields = dict(_fields(pack.form, "form"))
    elements = {path: parse_source(text) for path, text in _form_sources(pack, of)}
    elements |= {path: parse_source(text) for path, text in message.elements.items()}
    known = {path for path, _ in of.leaves()}
    for path in message.elements:
        if path not in known:
            raise NoPlan(f"{of.name} has no element {path}")
    sources = {path: source for path, source in elements.items() if path in known}
    lists = [*LISTS, *(place for place, field in fields.items() if field.get("type") == "array")]
    rows = {path: _lists(path, sources, lists) for path in _repeated(of)}
    places = {place: _split(place, lists) for source in sources.values() for place in source.places}
    return Plan(of, sources, rows, fields, places)


def _split(place: str, lists: list[str]) -> tuple[str, tuple[str, ...]]:
    for name in lists:
        if place == name:
            return name, ()
        if place.startswith(f"{name}/"):
            return name, (place[len(name) + 1 :],)
    return "", tuple(place.split("/"))


def _form_sources(pack: Pack, of: Element) -> Iterator[tuple[str, str]]:
    """The form's sources by path below the content, where the form's own element stands."""
    profile = pack.form.get("x-element")
    around = "" if of.name == profile else _group(of, str(profile))
    if around is None:
        return
    for path, text in pack.form.get("x-from-dossier", {}).items():
        yield around + path, text
    for path, place in _elements(pack.form, "form"):
        yield around + path, place


def _group(of: Element, name: str) -> str | None:
    """The path of the group of this name below an element, with a slash after it."""
    for child in of.children:
        if child.name == name and child.children:
            return f"{name}/"
        deeper = _group(child, name)
        if deeper is not None:
            return f"{child.name}/{deeper}"
    return None


def _elements(schema: Mapping[str, Any], place: str, path: str = "") -> Iterator[tuple[str, str]]:
    """(element path, place) of every field of a form that names an element."""
    for name, field in schema.get("properties", {}).items():
        here = f"{place}/{name}"
        named = field.get("x-element")
        below = f"{path}{named}/" if named else path
        match field.get("type"):
            case "object":
                yield from _elements(field, here, below)
            case "array" if isinstance(field.get("items"), Mapping):
                yield from _elements(field["items"], here, below)
            case _ if named:
                yield f"{path}{named}", here


def _fields(schema: Mapping[str, Any], place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, field in schema.get("properties", {}).items():
        here = f"{place}/{name}"
        yield here, field
        inner = field.get("items") if field.get("type") == "array" else field
        if isinstance(inner, Mapping):
            yield from _fields(inner, here)


def _repeated(of: Element, path: str = "") -> Iterator[str]:
    for child in of.children:
        here = f"{path}/{child.name}" if path else child.name
        if child.repeats:
            yield here
        yield from _repeated(child, here)


def _lists(path: str, sources: Mapping[str, Source], lists: list[str]) -> tuple[str, ...]:
    """The dossier's lists that the sources below a repeated element tell of, in the order of `lists`."""
    places = [place for below, source in sources.items() if below.startswith(f"{path}/") for place in source.places]
    return tuple(one for one in lists if any(place == one or place.startswith(f"{one}/") for place in places))
