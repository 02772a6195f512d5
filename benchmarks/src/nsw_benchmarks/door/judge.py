"""Whether the door kept its word: every 202 is in the database, its fact in the journal, and nothing stands twice."""

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg

_FOUND: Final = """
select count(distinct a.number) from unnest($1::text[]) as a(number)
join intake.dossier d using (number)
join intake.journal j on j.topic = 'nsw.submissions.v1' and j.key = a.number
"""
_HELD: Final = "select count(*) from intake.dossier where idempotency_key like 'door-%'"


_UNSENT: Final = "select coalesce(sum(position - published), 0) from intake.stream_head"


class Verdict(NamedTuple):
    """`accepted` answers were 202; `lost` of them are not held with their fact; `repeated` numbers were given twice."""

    accepted: int
    lost: int
    repeated: int
    held: int


async def judge(database_url: str, answers: list[Path]) -> Verdict:
    """Look each 202 up, as the database's owner. `answers`: the load generators' files."""
    numbers = [json.loads(line)["number"] for file in answers for line in file.read_bytes().splitlines()]
    connection: Any = await asyncpg.connect(database_url)
    try:
        found = await connection.fetchval(_FOUND, numbers)
        held = await connection.fetchval(_HELD)
    finally:
        await connection.close()
    unique = len(set(numbers))
    return Verdict(len(numbers), unique - found, len(numbers) - unique, held)


async def unsent(database_url: str) -> int:
    """How many facts of intake are not in Kafka yet."""
    connection: Any = await asyncpg.connect(database_url)
    try:
        return int(await connection.fetchval(_UNSENT))
    finally:
        await connection.close()
