"""The door's judge, on real tables: a 202 whose dossier or fact is missing is lost, a number given twice is told."""

import json
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from nsw_benchmarks.door.judge import Verdict, judge
from support.scratch import Database

AT = datetime(2026, 3, 2, tzinfo=UTC)


async def test_what_is_missing_or_twice_is_found(database: Database, tmp_path: Path) -> None:
    owner = await asyncpg.connect(database.url)
    try:
        for number in ("260000000017", "260000000025"):
            await owner.execute(
                "insert into intake.dossier "
                "(number, declarant, idempotency_key, content_sha256, procedure, pack_version, submitted_at) "
                "values ($1, '0100109106', 'door-' || $1, '', '', '', $2)",
                number,
                AT,
            )
        await owner.execute(
            "insert into intake.journal (topic, partition, position, key, type, id, value, recorded_at) "
            "values ('nsw.submissions.v1', 0, 1, '260000000017', '', 'a', ''::bytea, $1)",
            AT,
        )
    finally:
        await owner.close()

    async def judged(*numbers: str) -> Verdict:
        file = tmp_path / "answers"
        file.write_bytes(b"".join(json.dumps({"number": number}).encode() + b"\n" for number in numbers))
        return await judge(database.url, [file])

    assert await judged("260000000017") == Verdict(accepted=1, lost=0, repeated=0, held=2)
    assert (await judged("260000000017", "260000000025")).lost == 1, "its fact is missing"
    assert (await judged("260000000017", "260000000033")).lost == 1, "it is missing itself"
    assert (await judged("260000000017", "260000000017")).repeated == 1
