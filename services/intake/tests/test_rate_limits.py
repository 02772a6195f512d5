"""Buckets of tokens: what is there is had, what is not is told when, and clients who are gone cost nothing."""

import random

import pytest
from nsw_intake.rate_limits import SWEEP_AT, Buckets


class Time:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def test_a_full_bucket_gives_its_burst_and_then_its_rate(time: Time) -> None:
    buckets = Buckets(2, 10, time)
    assert [buckets.take("a") for _ in range(10)] == [0.0] * 10
    assert buckets.take("a") == pytest.approx(0.5)
    assert buckets.take("a") == pytest.approx(0.5), "what was refused took nothing"
    time.now += 0.5
    assert buckets.take("a") == 0.0
    assert buckets.take("a") == pytest.approx(0.5)
    time.now += 3600
    assert [buckets.take("a") for _ in range(11)] == [0.0] * 10 + [pytest.approx(0.5)], "full is full"


def test_one_waits_and_the_others_do_not(time: Time) -> None:
    buckets = Buckets(1, 3, time)
    assert buckets.take("a", 3) == 0.0
    assert buckets.take("a") == pytest.approx(1)
    assert buckets.take("b", 2) == 0.0
    assert buckets.take("b", 2) == pytest.approx(1)


def test_many_are_had_whole_or_not_at_all(time: Time) -> None:
    buckets = Buckets(10, 100, time)
    assert buckets.take("a", 60) == 0.0
    assert buckets.take("a", 60) == pytest.approx(2)
    time.now += 2
    assert buckets.take("a", 60) == 0.0
    time.now += 60
    assert buckets.take("a", 5000) == 0.0, "more than a bucket holds would wait for ever"
    assert buckets.take("a") == pytest.approx(0.1)


def test_over_any_time_no_more_than_burst_and_rate_are_had(time: Time) -> None:
    rng, buckets, began = random.Random(7), Buckets(5, 20, time), time.now
    had = 0
    for _ in range(5000):
        time.now += rng.expovariate(20)
        wanted = rng.randint(1, 6)
        wait = buckets.take("a", wanted)
        had += wanted if wait == 0.0 else 0
        assert had <= 20 + 5 * (time.now - began) + 1e-6
        assert wait <= wanted / 5 + 1e-9
    assert had > 5 * (time.now - began) * 0.9, "what is offered in excess is had at the rate"


def test_no_rate_is_no_limit(time: Time) -> None:
    buckets = Buckets(0, 1, time)
    assert [buckets.take("a", 1000) for _ in range(1000)] == [0.0] * 1000
    assert len(buckets) == 0


def test_clients_who_are_gone_are_forgotten(time: Time) -> None:
    buckets = Buckets(1, 10, time)
    assert buckets.take("busy", 10) == 0.0
    for number in range(10 * SWEEP_AT):
        time.now += 0.0005
        buckets.take(str(number))
        assert len(buckets) <= SWEEP_AT
    assert buckets.take("busy", 10) == 0.0
    assert buckets.take("busy") == pytest.approx(1)
