"""Fault 16: one agency hangs for ten simulated minutes. Other agencies' dossiers arrive as soon as ever."""

import asyncio
import json
from pathlib import Path

import pytest
from nsw_benchmarks.replay import ReplayResult
from support.live import Live, kept

pytestmark = pytest.mark.faults

DEAD = "BYTE"
RATE = 60.0
CALM_DOSSIERS = 1500
SCALE = 10.0
"""Ten simulated minutes are one: the agencies' timeouts and schedules are ten times as short."""

HANGS_SECONDS = 600 / SCALE
FAULT_DOSSIERS = int(RATE * HANGS_SECONDS)
WITHIN = 1.5
LEAST_SECONDS = 0.2
"""Below this a p99 says more about the machine's other work than about ours."""


_LATENCIES = """
select extract(epoch from j.recorded_at - d.submitted_at)::float8 as seconds
from ministry_adapter.journal j join intake.dossier d on d.number = j.key
where j.type = 'vn.nsw.dossier.delivered.v1' and d.submitted_at > $1
    and convert_from(j.value, 'utf8')::json ->> 'agency' <> $2
order by seconds
"""


async def p99_of_others(live: Live, since: object) -> float:
    """Seconds from filing to delivery, at the agencies that live."""
    async with live.owner() as owner:
        seconds = [row["seconds"] for row in await owner.fetch(_LATENCIES, since, DEAD)]
    assert len(seconds) > 200
    return float(seconds[int(len(seconds) * 0.99)])


@pytest.fixture
async def hurried(live: Live, tmp_path: Path) -> Live:
    """The adapter service, with times that are ten times as short."""
    agencies = json.loads((live.system.folder / "agencies.json").read_text())
    for one in agencies:
        one["http"] |= {"timeout_seconds": 30 / SCALE}
        one["retry_seconds"] = [seconds / SCALE for seconds in (0.5, 1, 2, 5, 10, 30, 60)]
    (tmp_path / "agencies.json").write_text(json.dumps(agencies))
    await live.stop("ministry-adapter")
    await live.begin("ministry-adapter", NSW_AGENCIES_FILE=str(tmp_path / "agencies.json"))
    await live.ready("ministry-adapter")
    return live


async def replayed(live: Live, dossiers: int, *, hang: bool) -> tuple[ReplayResult, float]:
    async with live.owner() as owner:
        since = await owner.fetchval("select now()")

    async def fault() -> None:
        if hang:
            await _delay(live, 600_000)
            await asyncio.sleep(HANGS_SECONDS)  # the fault itself, not a wait for something
            await _delay(live, 0)

    result = await live.replay(dossiers, fault, rate=RATE, stall_seconds=180)
    return result, await p99_of_others(live, since)


async def _delay(live: Live, milliseconds: int) -> None:
    order = {"only": DEAD, "delay_ms": milliseconds}
    status, _ = await live.ask("POST", f"{live.system.agencies_url}/faults", json=order)
    assert status == 200


async def test_one_agency_that_hangs_costs_the_others_nothing(hurried: Live) -> None:
    await replayed(hurried, CALM_DOSSIERS // 3, hang=False)  # warm
    before, calm = await replayed(hurried, CALM_DOSSIERS, hang=False)
    during, hanging = await replayed(hurried, FAULT_DOSSIERS, hang=True)
    after, calm_again = await replayed(hurried, CALM_DOSSIERS, hang=False)
    kept(before, CALM_DOSSIERS)
    kept(during, FAULT_DOSSIERS)
    kept(after, CALM_DOSSIERS)
    print(
        f"p99 of others: {calm * 1000:.0f} ms before, {hanging * 1000:.0f} ms during, {calm_again * 1000:.0f} ms after"
    )
    assert hanging <= WITHIN * max(calm, calm_again, LEAST_SECONDS), (calm, hanging, calm_again)
