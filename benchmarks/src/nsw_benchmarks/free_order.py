"""What a business hears of a dossier whose revisions are not all known beforehand, and what is wrong with it.

Several agencies decide side by side, or the window first says how goods are inspected. What must hold all the same:
revisions come without gaps; the lead agency's story is told whole and in its order, and ends the dossier; a
coordinating agency's decisions are its own, in their order, as far as they came before that end.
"""

from collections.abc import Iterator, Sequence

from nsw_benchmarks.owed import Acknowledged, Fault, Notice
from nsw_benchmarks.stories import HEARD_BY_ALL, Mix, coordinating

_INSPECTION = "inspection-decided"
_CONTENT_CHANGED = frozenset({"edited", "supplemented", "amendment-requested"})


def wrong(owed: Acknowledged, notices: Sequence[Notice], mix: Mix) -> Iterator[tuple[Fault, str]]:
    """Each thing wrong with what was heard of a dossier, its revisions being distinct."""
    heard = sorted(notices, key=lambda notice: notice.revision)
    if owed.every_change:
        revisions = {notice.revision for notice in heard}
        for revision in range(1, max(revisions, default=0) + 1):
            if revision not in revisions:
                yield "lost", f"revision {revision}"
    yield from _inspections(owed, heard, mix)
    yield from _lead(owed, heard, mix)
    for agency in owed.agencies[1:]:
        yield from _other(owed, agency, heard)
    for notice in heard:
        if notice.agency not in owed.agencies:
            yield "unexpected", f"revision {notice.revision} is the doing of {notice.agency}"


def _inspections(owed: Acknowledged, heard: Sequence[Notice], mix: Mix) -> Iterator[tuple[Fault, str]]:
    found = [notice.revision for notice in heard if notice.what == _INSPECTION]
    expected = owed.inspected and owed.every_change
    if expected and found[:1] != [1]:
        yield "lost", f"{_INSPECTION} event as revision 1"
    again = sum(what in _CONTENT_CHANGED for what in owed.story(mix).told)
    most = 1 + again if expected else 0
    for revision in found[most:]:
        yield "unexpected", f"revision {revision} {_INSPECTION}"


def _lead(owed: Acknowledged, heard: Sequence[Notice], mix: Mix) -> Iterator[tuple[Fault, str]]:
    told = [
        (notice.what, notice.status)
        for notice in heard
        if notice.agency == owed.agencies[0] and notice.what != _INSPECTION
    ]
    due = [(what, status) for _, what, status in owed.story(mix).expected(every_change=owed.every_change)]
    for what, status in due:
        if (what, status) not in told:
            yield "lost", f"{what} event"
    for what, status in told:
        if (what, status) not in due:
            yield "unexpected", f"{what}, {status}"
    common = [each for each in told if each in due]
    if common != [each for each in due if each in told]:
        yield "out_of_order", f"its lead agency's story goes {', '.join(what for what, _ in common)}"
    elif due[-1] in told:
        last = heard[-1]
        if (last.agency, last.what, last.status) != (owed.agencies[0], *due[-1]):
            yield "unexpected", f"revision {last.revision} {last.what} of {last.agency} after the end"


def _other(owed: Acknowledged, agency: str, heard: Sequence[Notice]) -> Iterator[tuple[Fault, str]]:
    decides = coordinating(owed.number, agency)
    said = [notice for notice in heard if notice.agency == agency]
    for notice in said:
        if notice.what not in decides:
            yield "unexpected", f"{agency} {notice.what}"
        elif not owed.every_change and notice.status not in HEARD_BY_ALL:
            yield "unexpected", f"{agency} {notice.what} at {notice.status}, to which it did not subscribe"
    its_own = tuple(notice.what for notice in said if notice.what in decides)
    if owed.every_change and its_own != decides[: len(its_own)]:
        yield "out_of_order", f"{agency} {', '.join(its_own)}"
