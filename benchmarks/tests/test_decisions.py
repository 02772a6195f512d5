"""The agencies' decisions: stable, in the shares named, and what a business hears of them."""

from collections import Counter

from nsw_benchmarks.decisions import decide, expected_changes

NUMBERS = [f"26{serial:09d}{serial % 10}" for serial in range(50_000)]


def test_neighbouring_numbers_share_out_as_named() -> None:
    kinds = Counter(decide(number).kind for number in NUMBERS)
    assert 0.025 < kinds["refused"] / len(NUMBERS) < 0.035
    assert 0.045 < kinds["supplement-requested"] / len(NUMBERS) < 0.055
    outcomes = Counter(decide(number).outcome for number in NUMBERS)
    assert set(outcomes) == {None, "passed", "failed", "licensed"}
    assert outcomes["failed"] < outcomes["licensed"] < outcomes["passed"]


def test_a_ruling_never_changes() -> None:
    kinds = [decide(f"26000000000{digit}").kind for digit in range(10)]
    assert kinds == ["supplement-requested"] * 2 + ["accepted"] * 8


def test_a_business_hears_every_change_or_only_the_last() -> None:
    for number in NUMBERS[:1000]:
        every = expected_changes(number, every_change=True)
        final = expected_changes(number, every_change=False)
        match decide(number).kind:
            case "accepted":
                assert every == ((1, "accepted"), (2, "result_issued"))
                assert final == ((2, "result_issued"),)
            case "refused":
                assert every == final == ((1, "refused"),)
            case "supplement-requested":
                assert every == ((1, "supplement_requested"),)
                assert final == ()
