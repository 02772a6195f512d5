"""How long a loop rests: as long as it worked where its work was worth it, hardly where it held next to nothing."""

import asyncio
from typing import Any

import pytest
from nsw_runtime import pace
from nsw_runtime.pace import FULL, LONGEST_SECONDS, SHORTEST_SECONDS, rest


@pytest.mark.parametrize(
    ("worked", "items", "least", "rests"),
    [
        (0.03, FULL, 0.0, 0.03),
        (0.03, 10 * FULL, 0.0, 0.03),
        (0.03, FULL / 10, 0.0, 0.003),
        (10.0, FULL, 0.0, LONGEST_SECONDS),
        (0.001, FULL, 0.0, SHORTEST_SECONDS),
        (0.001, 1, 0.0, SHORTEST_SECONDS / FULL),
        (0.03, 0, 0.0, 0.0),
        (0.03, FULL / 10, 0.02, 0.02),
        (0.03, FULL, 0.02, 0.03),
        (0.03, FULL / 10, -0.01, 0.003),
    ],
)
async def test_a_rest_is_as_long_as_the_work_was_worth(
    worked: float, items: Any, least: float, rests: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rested: list[float] = []

    async def sleep(seconds: float) -> None:
        rested.append(seconds)

    monkeypatch.setattr(pace.asyncio, "sleep", sleep)
    await rest(worked, items, least_seconds=least)
    assert rested == pytest.approx([rests])
    assert asyncio.sleep is sleep
