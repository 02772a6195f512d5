"""The dossiers' stories: stable, in the shares named, lawful by the lifecycle, and what each business hears of them."""

from collections import Counter

import pytest
from nsw_benchmarks.businesses import businesses
from nsw_benchmarks.stories import NAMES, STORIES, answers, coordinating, outcome, story
from nsw_contracts.lifecycle import BUSINESS_ACTS, ENDED, FINAL, POSSIBLE

LARGE, SMALL = (business.tax_code for business in businesses(1, 2))
NUMBERS = [f"26{serial:09d}{serial % 10}" for serial in range(50_000)]


def shares(declarant, mix):
    names = Counter(story(number, declarant, mix).name for number in NUMBERS)
    return {name: count / len(NUMBERS) for name, count in names.items()}


def test_neighbouring_numbers_share_out_as_named():
    assert shares(SMALL, "plain") == pytest.approx({"refused": 0.03, "supplement": 0.05, "result": 0.92}, abs=0.005)
    assert shares(SMALL, "full") == pytest.approx(
        {
            "refused": 0.03,
            "supplement": 0.04,
            "fee": 0.04,
            "withdrawal": 0.005,
            "edit": 0.01,
            "inspection": 0.03,
            "result amended": 0.003,
            "result revoked": 0.002,
            "result": 0.84,
        },
        abs=0.004,
    )
    large = shares(LARGE, "full")
    assert large["withdrawal"] == pytest.approx(0.012, abs=0.003)
    assert large["amendment"] == pytest.approx(0.007, abs=0.002)
    outcomes = Counter(outcome(number) for number in NUMBERS)
    assert outcomes["failed"] < outcomes["licensed"] < outcomes["passed"]
    refuses = sum(coordinating(number, "BTC") == ("refused",) for number in NUMBERS)
    assert refuses / len(NUMBERS) == pytest.approx(0.03, abs=0.005)


def test_a_story_never_changes():
    numbers = [f"260000000{serial}0" for serial in ("00", "02", "06", "07", "32", "39", "58", "85")]
    assert [story(number, SMALL, "full").name for number in numbers] == [
        "result", "withdrawal", "fee", "inspection", "refused", "result amended", "supplement", "edit",
    ]  # fmt: skip
    for number in numbers:
        assert story(number, LARGE) == story(number, SMALL) == story(number, LARGE, "plain")


@pytest.mark.parametrize("told", STORIES, ids=lambda told: "-".join(change.what for change in told.changes))
def test_a_story_is_lawful(told):
    assert told.name in NAMES
    status = "submitted"
    for revision, what, after in told.changes:
        if what in told.told:
            assert told.command in POSSIBLE[status]
        assert status not in ENDED
        assert told.changes[revision - 1].what == what
        status = after
    assert status == told.ends
    assert status in FINAL | BUSINESS_ACTS
    assert [change.status for change in told.changes].count(told.ends) == 1
    said = [kind for what in told.told for kind in (what, *told.answers[what])]
    assert said == ["submitted", *(change.what for change in told.changes)]


@pytest.mark.parametrize("told", STORIES, ids=lambda told: "-".join(change.what for change in told.changes))
def test_every_business_hears_how_its_dossier_ends_and_what_it_must_do(told):
    results = told.expected(every_change=False)
    assert told.expected(every_change=True) == told.changes
    assert results == tuple(change for change in told.changes if change.status in FINAL | BUSINESS_ACTS)
    assert results[-1] == told.changes[-1]
    if told.trigger is not None and told.trigger.status in BUSINESS_ACTS:
        assert told.trigger in [(change.what, change.status) for change in results]


def test_what_is_asked_after_acceptance_is_asked_by_those_who_hear_of_it():
    for number in NUMBERS:
        trigger = story(number, SMALL, "full").trigger
        assert trigger is None or trigger.status in BUSINESS_ACTS


def test_an_agency_need_not_know_again_who_filed():
    for number in NUMBERS[:5000]:
        for declarant in (LARGE, SMALL):
            told = story(number, declarant, "full")
            assert answers(number, "submitted", declarant, "full") == told.answers["submitted"]
            for what in told.told[1:]:
                assert answers(number, what, "", "full") == told.answers[what]
    assert answers(NUMBERS[0], "closed", "", "full") == ()
