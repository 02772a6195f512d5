"""New numbers: all different, right by their check digit, and somewhere else after a collision."""

from hypothesis import given
from hypothesis import strategies as st
from nsw_contracts.number import SERIAL_LIMIT, is_dossier_number
from nsw_intake.numbers import Numbers


@given(st.integers(0, SERIAL_LIMIT - 1), st.lists(st.integers(0, 40), max_size=6))
def test_numbers_given_are_right_and_all_different(start: int, counts: list[int]) -> None:
    numbers = Numbers(lambda: start)
    given_ = [number for count in counts for number in numbers.give(count, 2026)]
    assert len(set(given_)) == len(given_) == sum(counts)
    assert all(is_dossier_number(number) and number.startswith("26") for number in given_)


def test_after_the_last_serial_comes_the_first() -> None:
    numbers = Numbers(lambda: SERIAL_LIMIT - 1)
    assert [number[:11] for number in numbers.give(2, 2026)] == ["26999999999", "26000000000"]
    assert numbers.give(1, 2027)[0][:11] == "27000000001"


def test_it_goes_on_from_another_place() -> None:
    starts = iter([100, 500])
    numbers = Numbers(lambda: next(starts))
    first = numbers.give(2, 2026)
    numbers.move_on()
    assert [number[:11] for number in [*first, *numbers.give(1, 2026)]] == [
        "26000000100", "26000000101", "26000000500",
    ]  # fmt: skip


def test_processes_start_apart() -> None:
    assert len({Numbers().give(1, 2026)[0] for _ in range(20)}) > 1
