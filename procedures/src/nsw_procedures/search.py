"""Finds procedures by words, goods, agency, stage and day.

Accents and case never matter, and đ is d: `thuc pham`, `Thực phẩm` and `THUC PHAM` find the same. Nothing here reads a
file or a clock; an `Index` is made once over the packs and asked as often as wanted.
"""

import re
import unicodedata
from datetime import date
from string import ascii_lowercase
from typing import Final, NamedTuple

from nsw_procedures.pack import Pack, Stage
from nsw_procedures.packs import Packs

HS_PREFIX: Final = r"^[0-9]{2,10}$"
"""What a query's `hs` must match, where it is not empty."""

_NO_WORD: Final = re.compile(r"[\W_]+")


class Query(NamedTuple):
    """What is looked for; what is left empty does not matter.

    `text`: words, each of which begins a word of the procedure's names, its code, or the number in it. `hs`: an HS code
    or the beginning of one, 2 to 10 digits: the procedure's goods include it, or some of it. `agency`: leads or
    coordinates.
    """

    text: str = ""
    hs: str = ""
    agency: str = ""
    stage: Stage | None = None
    placeholders: bool = True


class _Ready(NamedTuple):
    """A pack made ready. `words`: all that a text may begin with, each after a space: the code, its number, the names.

    `hs`: the goods' HS prefixes; `hs_begins`: all that such a prefix begins with.
    """

    words: str
    hs: frozenset[str]
    hs_begins: frozenset[str]


class Index:
    """Packs made ready to be searched."""

    def __init__(self, packs: Packs) -> None:
        self._packs = packs
        self._ready = {(code, pack.version): _ready(pack) for code in packs for pack in packs.versions(code)}

    def find(self, query: Query, on: date) -> list[Pack]:
        """The packs that fit on a local day, by code; asked for goods, those that name them most closely come first.

        Of each procedure it is the version in force on that day, or else the first to come.
        """
        words = plain(query.text).split()
        begins = [query.hs[:length] for length in range(len(query.hs), 0, -1)]
        found: list[tuple[int, Pack]] = []
        for pack in self._packs.on(on).values():
            if query.agency and query.agency not in pack.agencies:
                continue
            if not query.placeholders and pack.placeholder:
                continue
            if query.stage is not None and pack.life.stage(on) != query.stage:
                continue
            ready = self._ready[pack.code, pack.version]
            if not all(f" {word}" in ready.words for word in words):
                continue
            closeness = _closeness(pack, ready, begins) if query.hs else 0
            if closeness is not None:
                found.append((-closeness, pack))
        found.sort(key=lambda one: one[0])  # stable: packs come in the order of their codes
        return [pack for _, pack in found]


def plain(text: str) -> str:
    """The text's words in lower case, without accents or punctuation, one space between them."""
    letters = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return _NO_WORD.sub(" ", "".join(letter for letter in letters if not unicodedata.combining(letter))).strip()


def _ready(pack: Pack) -> _Ready:
    code = pack.code.lower()
    words = f" {code} {code.lstrip(ascii_lowercase)} {plain(pack.names.vi)} {plain(pack.names.en)}"
    hs = frozenset(pack.goods.hs)
    return _Ready(words, hs, frozenset(prefix[:length] for prefix in hs for length in range(1, len(prefix))))


def _closeness(pack: Pack, ready: _Ready, begins: list[str]) -> int | None:
    """How closely the pack's goods name a code: the digits they share, 0 for any goods; None: they do not.

    `begins` are the code and its beginnings, the longest first.
    """
    if not ready.hs:
        return None if pack.goods.lines == "none" else 0
    if begins[0] in ready.hs_begins:
        return len(begins[0])
    return next((len(begin) for begin in begins if begin in ready.hs), None)
