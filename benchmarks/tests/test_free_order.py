"""The judge where several agencies decide side by side, or goods are inspected: the order between them is free."""

from itertools import count

import pytest
from nsw_benchmarks.businesses import businesses
from nsw_benchmarks.judge import Judge
from nsw_benchmarks.owed import Acknowledged, Delivery, Notice
from nsw_benchmarks.stories import coordinating, story

LARGE, SMALL = (business.tax_code for business in businesses(1, 2))
AGENCIES = ("BNNPTNT", "BTC")
BOTH = next(  # both pass
    n for n in (f"26{serial:010d}" for serial in count())
    if len(story(n, LARGE).changes) == 2 and len(coordinating(n, "BTC")) == 2
)  # fmt: skip
INSPECTED = ("inspection-decided", "submitted", "BNNPTNT")
LEAD = [("accepted", "accepted", "BNNPTNT"), ("result-issued", "result_issued", "BNNPTNT")]
EVENTS = [INSPECTED, ("accepted", "submitted", "BTC"), LEAD[0], ("result-issued", "accepted", "BTC"), LEAD[1]]


def judged(events, declarant=LARGE, *, inspected=True, told=(), first=1):
    judge = Judge(
        [Acknowledged(BOTH, AGENCIES, declarant, every_change=declarant == LARGE, inspected=inspected)], "plain"
    )
    for agency in AGENCIES:
        judge.delivered(Delivery(BOTH, f"m-{agency}", agency, "submitted", 1))
    for agency, what in told:
        judge.delivered(Delivery(BOTH, f"m-{agency}-{what}", agency, what, 1))
    for revision, (what, status, agency) in enumerate(events, first):
        judge.notified(Notice(BOTH, revision, what, status, agency, f"e{revision}", declarant, 1))
    verdict = judge.verdict()
    faults = {name: getattr(verdict, name) for name in ("lost", "repeated", "out_of_order", "unexpected")}
    return {name: count for name, count in faults.items() if count}


@pytest.mark.parametrize(
    "events",
    [
        EVENTS,
        [INSPECTED, *LEAD],  # the coordinating agency came too late for anybody to hear of it
        [INSPECTED, LEAD[0], ("accepted", "accepted", "BTC"), LEAD[1]],
    ],
)
def test_the_order_between_agencies_is_free(events):
    assert judged(events) == {}
    assert judged(events[1:], inspected=False) == {}


def test_agencies_may_hear_of_each_other():
    assert judged(EVENTS, told=[("BNNPTNT", "coordinating-decided"), ("BTC", "closed")]) == {}
    assert judged(EVENTS, told=[("BTC", "coordinating-decided")]) == {"unexpected": 1}
    assert judged(EVENTS, told=[("BTC", "withdrawn")]) == {"unexpected": 1}


@pytest.mark.parametrize(
    ("events", "fault"),
    [
        (EVENTS[1:], "lost"),  # how the goods are inspected was never said
        (EVENTS[:-1], "lost"),  # no end
        ([*EVENTS[:2], *EVENTS[3:]], "lost"),  # the lead agency never took it in
        ([INSPECTED, *LEAD, ("accepted", "result_issued", "BTC")], "unexpected"),  # after the end
        ([INSPECTED, *EVENTS], "unexpected"),  # inspection decided twice, the content being the same
        ([INSPECTED, ("refused", "submitted", "BTC"), *LEAD], "unexpected"),  # which it did not say
        ([INSPECTED, ("accepted", "submitted", "BCT"), *LEAD], "unexpected"),  # which takes no part
        ([INSPECTED, LEAD[1], LEAD[0]], "out_of_order"),
        ([INSPECTED, ("result-issued", "submitted", "BTC"), ("accepted", "submitted", "BTC"), *LEAD], "out_of_order"),
    ],
)
def test_what_is_wrong_whatever_the_order(events, fault):
    assert set(judged(events)) == {fault}


def test_a_revision_that_never_came_is_lost():
    assert judged(EVENTS, first=2) == {"lost": 1}


def test_a_small_business_hears_of_its_lead_agency_alone():
    assert judged([LEAD[1]], SMALL, first=5) == {}
    assert judged([LEAD[0], LEAD[1]], SMALL, first=4) == {"unexpected": 1}
    assert judged([("result-issued", "accepted", "BTC"), LEAD[1]], SMALL, first=4) == {"unexpected": 1}
