"""Intake's Postgres is restored to a point behind the broker: detected, refused, adopted, and nothing is dropped.

New facts would take positions that were given before, and every reader would drop them as repeats. So intake stands
still and says so until `adopt` has taken back from the broker what the restore lost.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nsw_benchmarks.stories import story
from nsw_contracts.topics import SUBMISSIONS
from nsw_intake.adoption import take_back
from nsw_runtime import streams
from nsw_runtime.database import connect
from support import backup
from support.dossiers import dossier, file_one
from support.live import Live, kept
from support.polling import until

DOSSIERS = 60


class Lost:
    """What was acknowledged after the backup: receipts by idempotency key, and the dossiers they are for."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.receipts: dict[str, dict[str, str]] = {}
        self.dossiers: dict[str, dict[str, Any]] = {}


@pytest.fixture
async def lost(live: Live, tmp_path: Path) -> Lost:
    """A backup, and dossiers acknowledged, routed and decided after it; then intake is stopped."""
    kept(await live.replay(DOSSIERS), DOSSIERS)
    made = Lost(tmp_path / "intake.dump")
    await asyncio.to_thread(backup.dump, live.stack.database_url, "intake", made.file)
    for each in range(12):
        key = f"{tmp_path.name}-{each}"
        made.dossiers[key] = dossier(each)
        status, made.receipts[key] = await file_one(live, key, made.dossiers[key])
        assert status == 202
    await live.drained()
    assert await live.stop("intake") == 0
    return made


async def adopt(live: Live) -> dict[tuple[str, int], int]:
    """What `nsw stream adopt intake` does."""
    connection = await connect(live.system.service_url("intake"), "intake")
    try:
        return await streams.adopt(connection, "intake", live.stack.kafka_bootstrap, datetime.now(UTC), take_back)
    finally:
        await connection.close()


async def diverged(live: Live) -> str:
    """Wait until intake says that the broker is ahead; what it says."""

    async def says_so() -> str:
        _, against = await live.readiness("intake")
        return against.get("relay.diverged", "")

    return await until(says_so, "intake to see that Postgres is behind the broker", seconds=90)


async def whole_again(live: Live, lost: Lost) -> None:
    """Retried keys get their first receipts, what is new gets through, every stream is whole."""
    await live.ready("intake")
    for key, receipt in lost.receipts.items():
        status, again = await file_one(live, key, lost.dossiers[key])
        assert (status, again["number"]) == (202, receipt["number"])
        assert again["content_sha256"] == receipt["content_sha256"]
        assert datetime.fromisoformat(again["received_at"]) == datetime.fromisoformat(receipt["received_at"])
    await live.drained()  # what was taken in unawares is on its way too; the judge knows nothing of it
    kept(await live.replay(DOSSIERS * 2, seed=2), DOSSIERS * 2)
    for receipt in lost.receipts.values():
        await has_its_end(live, receipt["number"])


async def has_its_end(live: Live, number: str) -> None:
    """The business sees the dossier's last status."""
    expected = story(number, declarant="", mix="plain").ends

    async def shown() -> bool:
        status, seen = await live.ask("GET", f"{live.intake}/v1/dossiers/{number}")
        return status == 200 and seen["status"] == expected

    await until(shown, f"{number} to show {expected}")


async def test_a_restored_intake_is_detected_refuses_and_goes_on_once_adopted(live: Live, lost: Lost) -> None:
    await backup.restore(live.stack.database_url, "intake", lost.file)
    await live.begin("intake")
    said = await diverged(live)
    assert SUBMISSIONS.name in said
    assert "nsw stream adopt" in said
    async with live.http.post(
        f"{live.intake}/v1/dossiers",
        json=dossier(),
        headers=await live.headers() | {"idempotency-key": "refused"},
    ) as answer:
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) > 0
    assert sum((await adopt(live)).values()) == len(lost.receipts)
    assert await adopt(live) == {}, "adopting again finds nothing to do"
    await whole_again(live, lost)


@pytest.mark.faults
async def test_dossiers_taken_in_before_the_divergence_was_seen_are_kept_too(live: Live, lost: Lost) -> None:
    """Kafka was away: intake could not know that it was restored, and gave receipts. Those hold as well."""
    await asyncio.to_thread(live.stack.kill_kafka)
    await backup.restore(live.stack.database_url, "intake", lost.file)
    await live.begin("intake")

    async def alive() -> bool:
        return (await live.readiness("intake"))[0] != 0

    await until(alive, "intake to listen")
    unaware: dict[str, str] = {}
    for each in range(12):
        status, receipt = await file_one(live, f"unaware-{lost.file.parent.name}-{each}", dossier(each))
        assert status == 202
        unaware[receipt["number"]] = receipt["content_sha256"]
    # One business did retry a key whose receipt the restore has forgotten: it holds two receipts now, and both count.
    key, first = next(iter(lost.receipts.items()))
    status, second = await file_one(live, key, lost.dossiers[key])
    assert status == 202
    del lost.receipts[key]
    unaware[second["number"]] = second["content_sha256"]
    assert len(unaware) == 13
    assert first["number"] not in unaware
    await asyncio.to_thread(live.stack.start_kafka)
    await diverged(live)
    await adopt(live)
    await whole_again(live, lost)
    for number in [*unaware, first["number"]]:
        await has_its_end(live, number)
