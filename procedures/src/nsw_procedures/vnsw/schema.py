"""What an element of a message must be, written as data: names, order, lengths and types of the deployed schemas.

The notation stands at the head of `contents/*.yaml`. The same element both judges what came and orders what is built.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, get_args

Kind = Literal["group", "text", "short", "long", "decimal", "datetime", "moment", "anything"]

_NAME: Final = re.compile(r"([A-Za-z][A-Za-z0-9]*)(\??)(\*?)")
_TEXT: Final = re.compile(r"(!?)≤([0-9]+)")
_DECIMAL_KIND: Final = re.compile(r"decimal \.([0-9]+)")
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,19}")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?")
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BITS: Final[Mapping[str, int]] = {"short": 15, "long": 63}
PATTERN: Final = "yyyy-MM-dd HH:mm:ss"
MOMENT_FORMAT: Final = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a message: the element's path (`ProductList/Product[2]/Id`), in words."""

    path: str
    says: str

    def __str__(self) -> str:
        return f"{self.path}: {self.says}"


@dataclass(frozen=True, slots=True)
class Element:
    """One element. `longest` is in characters; `digits` after a decimal's point; `children` are a group's, in order.

    `places`: the children's places by name.
    """

    name: str
    kind: Kind
    optional: bool = False
    repeats: bool = False
    longest: int | None = None
    not_blank: bool = False
    digits: int = 0
    children: "tuple[Element, ...]" = ()
    places: Mapping[str, int] = field(default_factory=dict, compare=False)

    def child(self, name: str) -> "Element | None":
        """The child of this name."""
        place = self.places.get(name)
        return None if place is None else self.children[place]

    def leaves(self, path: str = "") -> "Iterator[tuple[str, Element]]":
        """Every element below that holds a text, with its path from here."""
        for one in self.children:
            here = f"{path}/{one.name}" if path else one.name
            if one.children:
                yield from one.leaves(here)
            else:
                yield here, one


def element(key: str, value: Any) -> Element:
    """The element in one line of the notation: its name with `?` and `*`, and what it holds.

    Raises:
        ValueError: it is not in the notation.
    """
    named = _NAME.fullmatch(key)
    if named is None:
        raise ValueError(f"{key!r} is no element's name")
    name, optional, repeats = named[1], bool(named[2]), bool(named[3])
    if isinstance(value, Mapping):
        children = tuple(element(name, inner) for name, inner in value.items())
        places = {child.name: place for place, child in enumerate(children)}
        return Element(name, "group", optional, repeats, children=children, places=places)
    if isinstance(value, str):
        if text := _TEXT.fullmatch(value):
            return Element(name, "text", optional, repeats, int(text[2]), bool(text[1]))
        if decimal := _DECIMAL_KIND.fullmatch(value):
            return Element(name, "decimal", optional, repeats, digits=int(decimal[1]))
        for kind in get_args(Kind):
            if value == kind and kind not in ("group", "decimal"):
                return Element(name, kind, optional, repeats)
    raise ValueError(f"{key}: {value!r} is nothing that an element can hold")


def wrong_text(of: Element, text: str) -> str | None:
    """What is wrong with a text as this element's; None: nothing."""
    # What can be printed, XML can carry; the search is for the rest.
    if not text.isprintable() and _NOT_XML.search(text):
        return "holds a character that XML cannot carry"
    return _WRONG[of.kind](of, text)


def _wrong_plain(of: Element, text: str) -> str | None:
    if of.longest is not None and len(text) > of.longest:
        return f"at most {of.longest} characters; these are {len(text)}"
    return "may not be blank" if of.not_blank and not text.strip() else None


def _wrong_whole(of: Element, text: str) -> str | None:
    return None if whole(of, text) is not None else f"must be a whole number ({of.kind})"


def _wrong_decimal(of: Element, text: str) -> str | None:
    if _DECIMAL.fullmatch(text) is None:
        return "must be a decimal number such as 12.5"
    if len(text.partition(".")[2].rstrip("0")) > of.digits:
        return f"at most {of.digits} digits after the point"
    return None


def _wrong_datetime(_: Element, text: str) -> str | None:
    return None if not text or _is_moment(text, fraction=True) else f"must be {PATTERN}, or empty"


def _wrong_moment(_: Element, text: str) -> str | None:
    return None if _is_moment(text, fraction=False) else f"must be {PATTERN}"


def collapsed(of: Element, text: str) -> str:
    """The text as its type reads it: around all but plain text, white space means nothing."""
    return text if of.kind == "text" else " ".join(text.split())


def whole(of: Element, text: str) -> int | None:
    """The whole number in the text of a short or a long; None where it is none that fits."""
    if _WHOLE.fullmatch(text) is None:
        return None
    limit = 1 << _BITS[of.kind]
    return number if -limit <= (number := int(text)) < limit else None


def _is_moment(text: str, *, fraction: bool) -> bool:
    found = _MOMENT.fullmatch(text)
    if found is None or (found[1] and not fraction):
        return False
    try:
        datetime.fromisoformat(text)  # only whether there is such a moment: its shape has been looked at
    except ValueError:
        return False
    return True


_WRONG: Final[Mapping[Kind, Callable[[Element, str], str | None]]] = {
    "group": lambda _, __: None,
    "anything": lambda _, __: None,
    "text": _wrong_plain,
    "short": _wrong_whole,
    "long": _wrong_whole,
    "decimal": _wrong_decimal,
    "datetime": _wrong_datetime,
    "moment": _wrong_moment,
}
