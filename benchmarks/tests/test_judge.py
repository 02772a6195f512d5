"""The judge against each way a window can go wrong, and against what only looks wrong."""

from itertools import count

import pytest
from nsw_benchmarks.decisions import decide
from nsw_benchmarks.judge import EXAMPLES_PER_FAULT, Acknowledged, Delivery, Judge, Notice


def _number(kind: str) -> str:
    return next(number for serial in count() if decide(number := f"26{serial:010d}").kind == kind)


ACCEPTED, REFUSED, SUPPLEMENT = (_number(kind) for kind in ("accepted", "refused", "supplement-requested"))
LARGE, SMALL = "9000000001", "9000000002"
DELIVERY = Delivery(ACCEPTED, "m1", "BYTE", 1)
FIRST = Notice(ACCEPTED, 1, "accepted", "e1", LARGE, 1)
SECOND = Notice(ACCEPTED, 2, "result_issued", "e2", LARGE, 1)


@pytest.fixture
def judge() -> Judge:
    return Judge([Acknowledged(ACCEPTED, "BYTE", LARGE, every_change=True)])


def _counts(judge: Judge) -> dict[str, int]:
    verdict = judge.verdict()
    counts = {
        "lost": verdict.lost,
        "repeated": verdict.repeated,
        "out_of_order": verdict.out_of_order,
        "unexpected": verdict.unexpected,
        "wire_repeats": verdict.wire_repeats,
    }
    return {name: count for name, count in counts.items() if count}


def test_a_kept_promise_is_clean(judge: Judge) -> None:
    judge.delivered(DELIVERY)
    assert judge.notified(FIRST)
    assert judge.notified(SECOND)
    assert judge.verdict().clean
    assert judge.verdict().examples == ()


def test_a_missing_delivery_is_a_lost_dossier(judge: Judge) -> None:
    judge.notified(FIRST)
    judge.notified(SECOND)
    assert _counts(judge) == {"lost": 1}
    assert judge.verdict().examples == (f"lost: {ACCEPTED} of {LARGE}: delivery to BYTE missing",)


def test_a_missing_event_is_a_lost_dossier_once(judge: Judge) -> None:
    judge.delivered(DELIVERY)
    assert _counts(judge) == {"lost": 1}
    assert "accepted event, result_issued event missing" in judge.verdict().examples[0]
    judge.notified(FIRST)
    assert _counts(judge) == {"lost": 1}


def test_a_second_message_id_is_a_repeated_effect(judge: Judge) -> None:
    judge.delivered(DELIVERY)
    judge.delivered(DELIVERY._replace(message_id="m2"))
    judge.notified(FIRST)
    judge.notified(SECOND)
    assert _counts(judge) == {"repeated": 1}


def test_a_second_event_id_is_a_repeated_effect_whatever_its_place(judge: Judge) -> None:
    judge.delivered(DELIVERY)
    judge.notified(FIRST)
    judge.notified(SECOND)
    assert not judge.notified(FIRST._replace(event_id="e3"))
    assert _counts(judge) == {"repeated": 1}


def test_copies_of_one_id_are_only_wire_repeats(judge: Judge) -> None:
    judge.delivered(DELIVERY._replace(copies=3))
    judge.notified(FIRST._replace(copies=2))
    judge.notified(SECOND)
    assert _counts(judge) == {"wire_repeats": 3}
    assert judge.verdict().clean


def test_a_result_before_the_acceptance_is_out_of_order(judge: Judge) -> None:
    judge.delivered(DELIVERY)
    judge.notified(SECOND)
    judge.notified(FIRST)
    assert _counts(judge) == {"out_of_order": 1}


@pytest.mark.parametrize(
    "notice",
    [
        FIRST._replace(number="990000000000"),  # no such dossier
        FIRST._replace(declarant=SMALL),  # another business's
        FIRST._replace(status="refused"),  # another decision
        FIRST._replace(revision=3),  # one change too many
    ],
)
def test_an_event_nobody_was_due_is_unexpected(judge: Judge, notice: Notice) -> None:
    judge.delivered(DELIVERY)
    judge.notified(FIRST)
    judge.notified(SECOND)
    assert not judge.notified(notice)
    assert _counts(judge) == {"unexpected": 1}


@pytest.mark.parametrize("delivery", [DELIVERY._replace(number="990000000000"), DELIVERY._replace(agency="BCT")])
def test_a_delivery_nobody_was_due_is_unexpected(judge: Judge, delivery: Delivery) -> None:
    judge.delivered(DELIVERY)
    judge.notified(FIRST)
    judge.notified(SECOND)
    judge.delivered(delivery)
    assert _counts(judge) == {"unexpected": 1}


def test_a_small_business_is_due_only_the_final_change() -> None:
    judge = Judge(Acknowledged(number, "BYTE", SMALL, every_change=False) for number in (ACCEPTED, REFUSED, SUPPLEMENT))
    for number in (ACCEPTED, REFUSED, SUPPLEMENT):
        judge.delivered(Delivery(number, number, "BYTE", 1))
    judge.notified(Notice(ACCEPTED, 2, "result_issued", "e1", SMALL, 1))
    judge.notified(Notice(REFUSED, 1, "refused", "e2", SMALL, 1))
    assert judge.verdict().clean
    judge.notified(Notice(ACCEPTED, 1, "accepted", "e3", SMALL, 1))
    assert _counts(judge) == {"unexpected": 1}


def test_one_number_for_two_dossiers_loses_one() -> None:
    judge = Judge([Acknowledged(REFUSED, "BYTE", LARGE, every_change=True)] * 2)
    judge.delivered(Delivery(REFUSED, "m1", "BYTE", 1))
    judge.notified(Notice(REFUSED, 1, "refused", "e1", LARGE, 1))
    assert _counts(judge) == {"lost": 1}


def test_bad_signatures_are_not_clean(judge: Judge) -> None:
    judge.delivered(DELIVERY)
    judge.notified(FIRST)
    judge.notified(SECOND)
    assert not judge.verdict(bad_signatures=1).clean


def test_examples_are_few() -> None:
    numbers = [f"27{serial:010d}" for serial in range(100)]
    verdict = Judge(Acknowledged(number, "BYTE", LARGE, every_change=True) for number in numbers).verdict()
    assert verdict.lost == 100
    assert len(verdict.examples) == EXAMPLES_PER_FAULT
