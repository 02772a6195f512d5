"""The random check: unpredictable before, recomputable after, and of the share that the policy says."""

import hashlib
import hmac
from datetime import UTC, date, datetime, timedelta
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nsw_contracts.number import dossier_number
from nsw_routing.draws import SECRET_BYTES, Draws, NotTheSeed, audit, revealed_at

DAY = date(2026, 3, 2)
DRAWS = Draws(bytes(range(32)))
OVER = datetime(2026, 3, 2, 17, tzinfo=UTC)  # midnight in Viet Nam
NUMBERS = [dossier_number(2026, serial) for serial in range(20_000)]
LINES = [(number, line) for number in NUMBERS for line in range(1, 6)]
SEED = "f28893993fd07d30745ff3e6b9bd47dcee027ca4902c9f2a1cc2238339efe2e6"
COMMITMENT = "eed229a8616d4d4fb7711ca8345f804e5146cd74b6a636520edc13db722b5892"
TAKEN = [43, 58, 67, 77, 81, 92]
SIGMAS = 4.5  # the secret is fixed, so this passes or fails for good

days = st.dates(date(2020, 1, 1), date(2100, 1, 1))
numbers = st.integers(0, 10**9 - 1).map(lambda serial: dossier_number(2026, serial))
lines = st.integers(1, 999)


def bound(share: float, among: int = len(LINES)) -> float:
    return SIGMAS * sqrt(share * (1 - share) / among)


def test_the_sums_are_those_the_documentation_gives() -> None:
    """Written out with the standard library alone."""
    seed = hmac.new(bytes(range(32)), b"nsw-inspection-seed/2026-03-02", hashlib.sha256).digest()
    assert DRAWS.seed(DAY) == seed
    assert DRAWS.commitment(DAY) == hashlib.sha256(seed).hexdigest()
    mac = hmac.new(seed, b"260000000017/3", hashlib.sha256).digest()
    share = int.from_bytes(mac[:8], "big") / 2**64
    assert not DRAWS.draw(DAY).drawn("260000000017", 3, share * 100 - 1e-6)
    assert DRAWS.draw(DAY).drawn("260000000017", 3, share * 100 + 1e-6)


def test_known_values_stay_as_they_are() -> None:
    """Days that were revealed must be audited alike by every later release."""
    assert DRAWS.seed(DAY).hex() == SEED
    assert DRAWS.commitment(DAY) == COMMITMENT
    draw = DRAWS.draw(DAY)
    assert [line for line in range(1, 100) if draw.drawn("260000000017", line, 5)] == TAKEN


@pytest.mark.parametrize("percent", [0.5, 2.5, 5])
def test_the_share_of_lines_is_the_policys(percent: float) -> None:
    draw = DRAWS.draw(DAY)
    taken = sum(draw.drawn(number, line, percent) for number, line in LINES)
    assert abs(taken / len(LINES) - percent / 100) < bound(percent / 100)


def test_no_line_number_is_luckier() -> None:
    draw = DRAWS.draw(DAY)
    for line in range(1, 6):
        taken = sum(draw.drawn(number, line, 5) for number in NUMBERS)
        assert abs(taken / len(NUMBERS) - 0.05) < bound(0.05, len(NUMBERS))


def test_days_are_independent() -> None:
    """Both days take a line as often as chance has it: five percent of five percent."""
    one, other = DRAWS.draw(DAY), DRAWS.draw(DAY + timedelta(days=1))
    both = sum(one.drawn(number, line, 5) and other.drawn(number, line, 5) for number, line in LINES)
    assert abs(both / len(LINES) - 0.0025) < bound(0.0025)


@given(days, numbers, lines)
def test_nothing_and_everything(day: date, number: str, line: int) -> None:
    draw = DRAWS.draw(day)
    assert not draw.drawn(number, line, 0)
    assert draw.drawn(number, line, 100)


@given(days, numbers, lines)
def test_a_larger_share_takes_what_a_smaller_one_does(day: date, number: str, line: int) -> None:
    draw = DRAWS.draw(day)
    assert draw.drawn(number, line, 1) <= draw.drawn(number, line, 2.5) <= draw.drawn(number, line, 5)


@given(st.binary(min_size=32, max_size=32), days, numbers, lines, st.sampled_from([0.0, 0.5, 5.0]))
def test_anyone_can_audit(secret: bytes, day: date, number: str, line: int, percent: float) -> None:
    draws = Draws(secret)
    seed = draws.revealed(day, revealed_at(day))
    assert seed is not None
    assert audit(seed, draws.commitment(day), number, line, percent) == draws.draw(day).drawn(number, line, percent)


@given(st.integers(0, 63), st.sampled_from("0123456789abcdef"))
def test_another_seed_or_commitment_is_seen(place: int, digit: str) -> None:
    seed, commitment = DRAWS.seed(DAY).hex(), DRAWS.commitment(DAY)
    for shown, committed in (
        (seed[:place] + digit + seed[place + 1 :], commitment),
        (seed, commitment[:place] + digit + commitment[place + 1 :]),
    ):
        if (shown, committed) != (seed, commitment):
            with pytest.raises(NotTheSeed, match="not the commitment"):
                audit(shown, committed, "260000000017", 1, 5)


@pytest.mark.parametrize("seed", ["", "00", "not hex", "00" * 33])
def test_what_is_no_seed_is_refused(seed: str) -> None:
    with pytest.raises(NotTheSeed):
        audit(seed, DRAWS.commitment(DAY), "260000000017", 1, 5)


def test_nothing_is_revealed_before_the_day_is_over() -> None:
    assert revealed_at(DAY) == OVER
    assert DRAWS.revealed(DAY, OVER - timedelta(microseconds=1)) is None
    assert DRAWS.revealed(DAY, datetime(2026, 3, 2, tzinfo=UTC)) is None
    assert DRAWS.revealed(DAY, datetime(2020, 1, 1, tzinfo=UTC)) is None
    assert DRAWS.revealed(DAY, OVER) == DRAWS.seed(DAY).hex()
    assert DRAWS.revealed(DAY + timedelta(days=1), OVER) is None


def test_another_secret_is_another_lot() -> None:
    other = Draws(bytes(32))
    assert other.commitment(DAY) != DRAWS.commitment(DAY)
    assert len({DRAWS.commitment(DAY + timedelta(days=day)) for day in range(1000)}) == 1000


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_secret_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"has {SECRET_BYTES} bytes, not {size}"):
        Draws(bytes(size))


def test_neither_secret_nor_seed_is_printed() -> None:
    draw = DRAWS.draw(DAY)
    for shown in (repr(DRAWS), repr(draw), str(draw)):
        assert draw.seed.hex() not in shown
        assert repr(draw.seed)[2:-1] not in shown
