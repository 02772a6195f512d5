"""How an agency decides a dossier: a pure function of the dossier's number.

The agency simulator answers by it and the judge expects by it, so neither has to tell the other anything.
"""

from typing import Literal, NamedTuple
from zlib import crc32

Kind = Literal["accepted", "refused", "supplement-requested"]
Outcome = Literal["passed", "failed", "licensed"]
Status = Literal["accepted", "refused", "supplement_requested", "result_issued"]

# Our assumptions, in hundredths of all dossiers and, for outcomes, of those accepted.
REFUSED_SHARE = 3
SUPPLEMENT_SHARE = 5
FAILED_SHARE = 2
LICENSED_SHARE = 40

_GOLDEN_RATIO_32 = 0x9E3779B1  # Knuth's multiplier: neighbouring numbers land far apart
_32_BITS = 0xFFFFFFFF


class Ruling(NamedTuple):
    """The first decision and, after acceptance only, the outcome of the result issued."""

    kind: Kind
    outcome: Outcome | None


class Change(NamedTuple):
    """A status change of a dossier; revision 1 is the first decision, 2 the result after acceptance."""

    revision: int
    status: Status


_REFUSED = Ruling("refused", None)
_SUPPLEMENT = Ruling("supplement-requested", None)
_PASSED = Ruling("accepted", "passed")
_FAILED = Ruling("accepted", "failed")
_LICENSED = Ruling("accepted", "licensed")

_ACCEPTED_CHANGE = Change(1, "accepted")
_RESULT_CHANGE = Change(2, "result_issued")
_REFUSED_CHANGE = Change(1, "refused")
_SUPPLEMENT_CHANGE = Change(1, "supplement_requested")

_ALL_CHANGES: dict[Kind, tuple[Change, ...]] = {
    "accepted": (_ACCEPTED_CHANGE, _RESULT_CHANGE),
    "refused": (_REFUSED_CHANGE,),
    "supplement-requested": (_SUPPLEMENT_CHANGE,),
}
_FINAL_CHANGES: dict[Kind, tuple[Change, ...]] = {
    "accepted": (_RESULT_CHANGE,),
    "refused": (_REFUSED_CHANGE,),
    "supplement-requested": (),
}


def decide(number: str) -> Ruling:
    """What the agency decides on the dossier of this number, now and on every repeat."""
    spread = crc32(number.encode()) * _GOLDEN_RATIO_32 & _32_BITS
    draw, second_draw = (spread >> 16) % 100, (spread & 0xFFFF) % 100
    if draw < REFUSED_SHARE:
        return _REFUSED
    if draw < REFUSED_SHARE + SUPPLEMENT_SHARE:
        return _SUPPLEMENT
    if second_draw < FAILED_SHARE:
        return _FAILED
    return _LICENSED if second_draw < FAILED_SHARE + LICENSED_SHARE else _PASSED


def expected_changes(number: str, *, every_change: bool) -> tuple[Change, ...]:
    """The changes a business hears of, in order: every one, or only a final one (a result or a refusal)."""
    return (_ALL_CHANGES if every_change else _FINAL_CHANGES)[decide(number).kind]
