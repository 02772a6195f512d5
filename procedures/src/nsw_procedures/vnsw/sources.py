"""Where an element's text comes from in a dossier, and how it is read back: the small language of a pack's mapping.

- `consignment/border_gate`: a field, by its place in the dossier; of a list, the field of the row that is told.
- `consignment/goods/unit, its name`: a code's Vietnamese name. Told only: the code is what is read.
- `documents, the place in the list`: 1, 2, 3. Told only.
- `form/quarantine_from, again`: told only, another element is read for it.
- `form/products/size_or_type, the number in it`: the first decimal number of a text, else 0. Told only.
- `reason, as much as fits`: cut to the element's length, with an ellipsis; read as it comes.
- `reference, or number`: the first that there is. Told only.
- `{consignment/goods/description} (HS {consignment/goods/hs_code})`: several in one text; no other text is read.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from nsw_procedures.code_lists import countries, units

How = Literal["", "as much as fits", "its name", "the place in the list", "again", "the number in it"]
HOWS: Final[tuple[How, ...]] = ("its name", "the place in the list", "again", "the number in it")

_PLACE: Final = re.compile(r"[a-z][a-z0-9_]*(?:/[a-z][a-z0-9_]*)*")
_HOLE: Final = re.compile(r"\{([^{}]*)\}")
_NUMBER: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)?")

Look = Callable[[str], Any]
"""Gives the value at a place of the dossier (`contact/name`), in the row that is being told; None: there is none."""


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed source. `places` are what it tells; `pattern` reads them back, None where it is told only."""

    text: str
    places: tuple[str, ...]
    how: How = ""
    parts: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None

    @property
    def told_only(self) -> bool:
        """Whether nothing is read back from its element."""
        return self.pattern is None

    def tell(self, look: Look) -> str | None:
        """The element's text; None: the dossier does not have it, and the element is left out."""
        values = [look(place) for place in self.places]
        if self.parts:
            if any(value is None for value in values):
                return None
            between = [*(str(value) for value in values), ""]
            return "".join(part + value for part, value in zip(self.parts, between, strict=True))
        value = next((one for one in values if one is not None), None)
        if value is None:
            return None
        match self.how:
            case "its name":
                return _name(str(value))
            case "the number in it":
                return _number(str(value))
        return str(value)

    def read(self, text: str) -> Mapping[str, str] | None:
        """What the element's text says, by place; None: it is not as the pack has it."""
        if self.pattern is None:
            return {}
        found = self.pattern.fullmatch(text)
        return None if found is None else dict(zip(self.places, found.groups(), strict=True))


def parse_source(text: str) -> Source:
    """A source from its text.

    Raises:
        ValueError: it is none; the text says why.
    """
    if "{" in text:
        return _template(text)
    first, _, rest = text.partition(", ")
    if rest.startswith("or "):
        places = (first, *(one.removeprefix("or ") for one in rest.split(", ")))
        return Source(text, tuple(_place(one) for one in places))
    if not rest:
        return Source(text, (_place(first),), pattern=re.compile("(.*)", re.DOTALL))
    if rest == "as much as fits":
        return Source(text, (_place(first),), "as much as fits", pattern=re.compile("(.*)", re.DOTALL))
    for how in HOWS:
        if rest == how:
            return Source(text, (_place(first),), how)
    raise ValueError(f"{rest!r} is none of as much as fits, {', '.join(HOWS)}, or another place (`or number`)")


def _template(text: str) -> Source:
    pieces = _HOLE.split(text)
    parts, places = tuple(pieces[::2]), tuple(_place(one) for one in pieces[1::2])
    if not all(parts[1:-1]):
        raise ValueError("two places in braces need something between them, or they cannot be told apart")
    # Greedy: what a business wrote may hold the text between itself. Whether it can be read back is judged when told.
    pattern = re.escape(parts[0]) + "".join(f"(.+){re.escape(part)}" for part in parts[1:])
    return Source(text, places, parts=parts, pattern=re.compile(pattern, re.DOTALL))


def _place(text: str) -> str:
    if _PLACE.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no place of a dossier, such as contact/name")
    return text


def _name(code: str) -> str:
    """The Vietnamese name of a country or unit; a code of no list is its own name."""
    named = countries().get(code) or units().get(code)
    return named.name_vi if named is not None else code


def _number(text: str) -> str:
    """The first number of a text as a decimal with one digit after its point."""
    found = _NUMBER.search(text)
    whole, _, rest = found[0].replace(",", ".").partition(".") if found is not None else ("0", "", "")
    return f"{whole}.{rest[:1]}" if rest else whole
