"""Delays grow, never past their limit, and are spread so that those who wait do not come together."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nsw_runtime.clock import backoff, system_clock


@given(st.integers(0, 10**6), st.floats(0.001, 10), st.floats(0.001, 100))
def test_a_delay_is_within_its_bounds(attempt: int, first: float, longest: float) -> None:
    delay = backoff(attempt, first=first, longest=longest)
    whole = min(longest, first * 2 ** min(attempt, 20))
    assert whole / 2 <= delay <= whole


@pytest.mark.parametrize(("attempt", "most"), [(0, 0.2), (1, 0.4), (3, 1.6), (8, 30), (10_000, 30)])
def test_a_delay_doubles_up_to_half_a_minute(attempt: int, most: float) -> None:
    delays = {backoff(attempt) for _ in range(50)}
    assert all(most / 2 <= delay <= most for delay in delays)
    assert len(delays) > 1, "spread"


def test_the_clock_says_its_zone() -> None:
    assert system_clock().utcoffset() == timedelta(0)
