"""The judge against each way a window can go wrong, and against what only looks wrong."""

from itertools import count

import pytest
from nsw_benchmarks.businesses import businesses
from nsw_benchmarks.judge import EXAMPLES_PER_FAULT, Judge
from nsw_benchmarks.owed import Acknowledged, Delivery, Notice
from nsw_benchmarks.stories import story

LARGE, SMALL = (business.tax_code for business in businesses(1, 2))


def find(*steps, declarant=LARGE, mix="plain"):
    """A number whose story goes by these steps."""
    numbers = (f"26{serial:010d}" for serial in count())
    return next(n for n in numbers if tuple(c.what for c in story(n, declarant, mix).changes) == steps)


ACCEPTED, REFUSED = find("accepted", "result-issued"), find("refused")
SUPPLEMENT = find("supplement-requested")
DELIVERY = Delivery(ACCEPTED, "m1", "BYTE", "submitted", 1)
FIRST = Notice(ACCEPTED, 1, "accepted", "accepted", "BYTE", "e1", LARGE, 1)
SECOND = Notice(ACCEPTED, 2, "result-issued", "result_issued", "BYTE", "e2", LARGE, 1)


@pytest.fixture
def judge():
    return Judge([Acknowledged(ACCEPTED, ("BYTE",), LARGE, every_change=True)], "plain")


def counts(judge):
    verdict = judge.verdict()
    found = {
        "lost": verdict.lost,
        "repeated": verdict.repeated,
        "out_of_order": verdict.out_of_order,
        "unexpected": verdict.unexpected,
        "wire_repeats": verdict.wire_repeats,
    }
    return {name: count for name, count in found.items() if count}


def test_a_kept_promise_is_clean(judge):
    judge.delivered(DELIVERY)
    assert judge.notified(FIRST)
    assert judge.notified(SECOND)
    assert judge.verdict().clean
    assert judge.verdict().examples == ()


def test_a_missing_delivery_is_a_lost_dossier(judge):
    judge.notified(FIRST)
    judge.notified(SECOND)
    assert counts(judge) == {"lost": 1}
    assert judge.verdict().examples == (f"lost: {ACCEPTED} of {LARGE}: submitted to BYTE missing",)


def test_a_missing_event_is_a_lost_dossier_once(judge):
    judge.delivered(DELIVERY)
    assert counts(judge) == {"lost": 1}
    assert "accepted event, result-issued event missing" in judge.verdict().examples[0]
    judge.notified(FIRST)
    assert counts(judge) == {"lost": 1}


def test_a_second_message_id_is_a_repeated_effect(judge):
    judge.delivered(DELIVERY)
    judge.delivered(DELIVERY._replace(message_id="m2"))
    judge.notified(FIRST)
    judge.notified(SECOND)
    assert counts(judge) == {"repeated": 1}


def test_a_second_event_id_is_a_repeated_effect_whatever_its_place(judge):
    judge.delivered(DELIVERY)
    judge.notified(FIRST)
    judge.notified(SECOND)
    assert not judge.notified(FIRST._replace(event_id="e3"))
    assert counts(judge) == {"repeated": 1}


def test_copies_of_one_id_are_only_wire_repeats(judge):
    judge.delivered(DELIVERY._replace(copies=3))
    judge.notified(FIRST._replace(copies=2))
    judge.notified(SECOND)
    assert counts(judge) == {"wire_repeats": 3}
    assert judge.verdict().clean


def test_a_result_before_the_acceptance_is_out_of_order(judge):
    judge.delivered(DELIVERY)
    judge.notified(SECOND)
    judge.notified(FIRST)
    assert counts(judge) == {"out_of_order": 1}


@pytest.mark.parametrize(
    "notice",
    [
        FIRST._replace(number="990000000000"),  # no such dossier
        FIRST._replace(declarant=SMALL),  # another business's
        FIRST._replace(status="refused"),  # another status
        FIRST._replace(what="amendment-agreed"),  # another cause
        FIRST._replace(revision=3),  # one change too many
    ],
)
def test_an_event_nobody_was_due_is_unexpected(judge, notice):
    judge.delivered(DELIVERY)
    judge.notified(FIRST)
    judge.notified(SECOND)
    assert not judge.notified(notice)
    assert counts(judge) == {"unexpected": 1}


@pytest.mark.parametrize(
    "delivery",
    [
        DELIVERY._replace(number="990000000000"),
        DELIVERY._replace(agency="BCT"),
        DELIVERY._replace(what="withdrawn"),
        DELIVERY._replace(what="closed"),
    ],
)
def test_a_delivery_nobody_was_due_is_unexpected(judge, delivery):
    judge.delivered(DELIVERY)
    judge.notified(FIRST)
    judge.notified(SECOND)
    judge.delivered(delivery)
    assert counts(judge) == {"unexpected": 1}


def test_a_small_business_is_due_what_is_final_and_what_it_must_do():
    numbers = (ACCEPTED, REFUSED, SUPPLEMENT)
    judge = Judge((Acknowledged(number, ("BYTE",), SMALL, every_change=False) for number in numbers), "plain")
    for number in numbers:
        judge.delivered(Delivery(number, number, "BYTE", "submitted", 1))
    judge.notified(Notice(ACCEPTED, 2, "result-issued", "result_issued", "BYTE", "e1", SMALL, 1))
    judge.notified(Notice(REFUSED, 1, "refused", "refused", "BYTE", "e2", SMALL, 1))
    assert counts(judge) == {"lost": 1}
    judge.notified(Notice(SUPPLEMENT, 1, "supplement-requested", "supplement_requested", "BYTE", "e3", SMALL, 1))
    assert judge.verdict().clean
    judge.notified(Notice(ACCEPTED, 1, "accepted", "accepted", "BYTE", "e4", SMALL, 1))
    assert counts(judge) == {"unexpected": 1}


def test_what_the_business_did_must_reach_the_agency_once_and_after_the_dossier():
    number = find("accepted", "fee-requested", "fee-paid", "result-issued", mix="full")
    changes = story(number, LARGE, "full").changes

    def heard():
        judge = Judge([Acknowledged(number, ("BYTE",), LARGE, every_change=True)], "full")
        for revision, what, status in changes:
            assert judge.notified(Notice(number, revision, what, status, "BYTE", f"e{revision}", LARGE, 1))
        return judge

    dossier, paid = Delivery(number, "m1", "BYTE", "submitted", 1), Delivery(number, "m2", "BYTE", "fee-paid", 1)
    whole = heard()
    whole.delivered(dossier)
    assert counts(whole) == {"lost": 1}
    whole.delivered(paid)
    assert whole.verdict().clean
    whole.delivered(paid._replace(message_id="m3"))
    assert counts(whole) == {"repeated": 1}
    overtaken = heard()
    overtaken.delivered(paid)
    overtaken.delivered(dossier)
    assert counts(overtaken) == {"out_of_order": 1}


def test_one_number_for_two_dossiers_loses_one():
    judge = Judge([Acknowledged(REFUSED, ("BYTE",), LARGE, every_change=True)] * 2, "plain")
    judge.delivered(Delivery(REFUSED, "m1", "BYTE", "submitted", 1))
    judge.notified(Notice(REFUSED, 1, "refused", "refused", "BYTE", "e1", LARGE, 1))
    assert counts(judge) == {"lost": 1}


def test_bad_signatures_are_not_clean(judge):
    judge.delivered(DELIVERY)
    judge.notified(FIRST)
    judge.notified(SECOND)
    assert not judge.verdict(bad_signatures=1).clean


def test_examples_are_few():
    numbers = [f"27{serial:010d}" for serial in range(100)]
    owed = (Acknowledged(number, ("BYTE",), LARGE, every_change=True) for number in numbers)
    verdict = Judge(owed, "plain").verdict()
    assert verdict.lost == 100
    assert len(verdict.examples) == EXAMPLES_PER_FAULT
