"""Procedures as the profile files them: pieces of JSON that each procedure's pack takes, made once from the pack.

Forms are those of the pack's examples, which the pack's own tests hold to its schema; a placeholder without any has an
empty one. Goods are the Harmonized System's among the pack's prefixes, documents those the pack requires.
"""

import json
from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any, Final, NamedTuple

from nsw_procedures.catalogue import hs_codes
from nsw_procedures.pack import DocumentRule, Pack
from nsw_procedures.packs import packs
from nsw_procedures.vnsw.plan import dossier_messages, outgoing

_CHAPTERS: Final = {
    "BGTVT": range(86, 90),
    "BNNPTNT": range(1, 25),
    "BYTE": (30, 33, 38, 90),
    "BCT": (25, 26, 27, 28, 29, 72, 73, 84, 85),
    "BTNMT": (38, 39, 47, 72, 76),
    "BTC": range(22, 98),
    "BKHCN": (84, 85, 90, 94),
    "BTTTT": (49, 85),
    "BVHTTDL": (49, 92, 95, 97),
    "BQP": (88, 93),
    "BCA": (36, 93),
    "NHNN": (71,),
    "BNG": range(84, 98),
}
_COUNTED_FROM_CHAPTER = 84  # machines, vehicles and the like are counted; what comes before is weighed
_DESCRIPTION_LENGTH = 60
_SUBHEADING_DIGITS = 6
_PDF = "application/pdf"
_USUAL_DOCUMENTS: Final = (
    ("invoice", "hoa-don.pdf"),
    ("packing-list", "phieu-dong-goi.pdf"),
    ("bill-of-lading", "van-don.pdf"),
    ("certificate-of-origin", "giay-chung-nhan-xuat-xu.pdf"),
)
"""What businesses add to what is required; more than is asked for does no harm."""


class Route(NamedTuple):
    """Where a procedure's dossiers go: to its lead agency and the coordinating ones.

    `inspected`: the window decides how their goods are inspected, and says so first.
    """

    procedure: str
    agencies: tuple[str, ...]
    inspected: bool


class Pieces(NamedTuple):
    """A procedure's pieces: what its dossiers draw from. `documents` are required ones, then `usual` ones may follow.

    Goods and documents lack their braces, forms have theirs and are open for `filing_year` and `purpose`. `lines`: so
    many lines of goods, where the forms have a row for each; 0: any number.
    """

    route: Route
    head: str
    directions: tuple[str, ...]
    goods: tuple[str, ...]
    forms: tuple[str, ...]
    documents: tuple[str, ...]
    usual: tuple[str, ...]
    lines: int = 0


def to_json(value: object) -> str:
    """Compact JSON, its Vietnamese as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def pieces(day: date) -> list[tuple[Pack, Pieces]]:
    """Every procedure that a business may file on a local day, in the order of their codes."""
    return [
        (pack, _pieces(pack))
        for pack in packs().on(day).values()
        if pack.effective_from <= day and pack.life.stage(day) == "live" and "business" in pack.who_may_file.kinds
    ]


def _pieces(pack: Pack) -> Pieces:
    has_goods = pack.goods.lines != "none"
    required = [rule for rule in pack.documents if rule.required]
    there = {rule.kind: rule for rule in pack.documents}
    usual = [(kind, name) for kind, name in _USUAL_DOCUMENTS if kind not in there]
    return Pieces(
        route=Route(pack.code, pack.agencies, inspected=has_goods and pack.inspection is not None),
        head=f'{{"procedure":"{pack.code}"',
        directions=pack.directions,
        goods=_goods(pack) if has_goods else (),
        forms=tuple(_form(example.form) for example in pack.examples) or (_form({}),),
        documents=tuple(_document(rule.kind, _name(rule), rule.media_types[0]) for rule in required),
        usual=tuple(_document(kind, name, _PDF) for kind, name in usual),
        lines=_lines(pack),
    )


def _lines(pack: Pack) -> int:
    """The lines that the forms' rows are about, where a message tells them together with the goods."""
    beside = [name for one in dossier_messages(pack) for rows in outgoing(pack, one).rows.values() for name in rows[1:]]
    counts = {len(example.form[name.removeprefix("form/")]) for name in beside for example in pack.examples}
    if len(counts) > 1:
        raise ValueError(f"{pack.code}: its examples have forms for different numbers of goods: {counts}")
    return counts.pop() if counts else 0


def _form(form: Any) -> str:
    named = {name: value for name, value in dict(form).items() if name not in ("filing_year", "purpose")}
    return to_json(named)[:-1] + ("," if named else "")


def _name(rule: DocumentRule) -> str:
    return f"{rule.kind}.{'pdf' if rule.media_types[0] == _PDF else rule.media_types[0].rpartition('/')[2]}"


def _document(kind: str, name: str, media_type: str) -> str:
    return to_json({"name": name, "media_type": media_type, "kind": kind})[1:-1]


def _goods(pack: Pack) -> tuple[str, ...]:
    prefixes = pack.goods.hs or tuple(f"{chapter:02d}" for chapter in _CHAPTERS[pack.lead_agency])
    found = _goods_of(prefixes)
    if not found:
        raise ValueError(f"{pack.code}: no goods of the Harmonized System are among HS {', '.join(prefixes)}")
    return found


@cache
def _goods_of(prefixes: Iterable[str]) -> tuple[str, ...]:
    codes: dict[str, str] = {}
    for prefix in prefixes:
        if len(prefix) <= _SUBHEADING_DIGITS:
            codes |= {code: name for code, name in hs_codes().items() if code.startswith(prefix)}
        elif (name := hs_codes().get(prefix[:_SUBHEADING_DIGITS])) is not None:
            codes[prefix + "0" * (len(prefix) % 2)] = name
    return tuple(
        to_json(
            {
                "hs_code": code,
                "description": name[:_DESCRIPTION_LENGTH].rsplit(" ", 1)[0]
                if len(name) > _DESCRIPTION_LENGTH
                else name,
                "unit": "H87" if int(code[:2]) >= _COUNTED_FROM_CHAPTER else "KGM",
            }
        )[1:-1]
        for code, name in sorted(codes.items())
    )
