"""The floor's intake: dossiers in over HTTP, a receipt after the commit; statuses into the timeline."""

import asyncio
import time
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count

from nsw_contracts.events import SUBMITTED
from nsw_contracts.number import dossier_number
from nsw_contracts.topics import STATUS, SUBMISSIONS
from nsw_procedures.calendar import local_day
from nsw_procedures.packs import packs
from nsw_runtime.pace import rest

from nsw_benchmarks.floor.plain import (
    Batch,
    Connection,
    Fact,
    Journal,
    Reader,
    between,
    connect,
    ids,
    move_progress,
    run,
    serve,
)

MOST_A_COMMIT = 1000
KEY_AT = len(b'{"idempotency_key":"')  # in a line of the driver's
CONTENT_AFTER_KEY = len(b'","dossier":')
DOSSIER = ("number", "declarant", "idempotency_key", "content_sha256", "procedure", "submitted_at", "pack_version")
TIMELINE = ("number", "revision", "status", "type", "declarant", "fact")
SUBMITTED_JSON = (
    b'{"number":"%b","submitted_at":"%b","content_sha256":"%b","idempotency_key":"%b","pack_version":"%b","content":%b}'
)
RECEIPT = (
    b'{"line": %d, "status": 202, "receipt": {"number": "%b", "content_sha256": "%b", "received_at": "%b", '
    b'"status": "submitted"}}\n'
)

Waiting = tuple[list[bytes], "asyncio.Future[bytes]"]


class Intake:
    """The door, and what it commits."""

    def __init__(self, journal: Journal, connection: Connection) -> None:
        self._journal = journal
        self._connection = connection
        self._waiting: list[Waiting] = []
        self._woken = asyncio.Event()
        self._serials = count()
        self._versions = {code: pack.version for code, pack in packs().on(local_day(datetime.now(UTC))).items()}
        self._ids = ids(1)

    async def bulk(self, body: bytes) -> bytes:
        """The door for many dossiers: a receipt line for each line."""
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.append((body.split(b"\n"), future))
        self._woken.set()
        return await future

    async def commit(self) -> None:
        """Commit what waits, for ever."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._waiting:
                taken, lines = 0, 0
                while taken < len(self._waiting) and (not taken or lines < MOST_A_COMMIT):
                    lines += len(self._waiting[taken][0])
                    taken += 1
                group, self._waiting = self._waiting[:taken], self._waiting[taken:]
                began = time.monotonic()
                await self._commit(group)
                await rest(time.monotonic() - began, lines)

    async def _commit(self, group: list[Waiting]) -> None:
        now = datetime.now(UTC)
        at = now.isoformat().encode()
        dossiers, facts, answers = [], [], []
        for lines, _ in group:
            receipts = []
            for index, line in enumerate(lines, 1):
                end = line.index(b'"', KEY_AT)
                key = line[KEY_AT:end]
                content = line[end + CONTENT_AFTER_KEY : -1]
                digest = sha256(content).hexdigest()
                number = dossier_number(now.year, next(self._serials))
                declarant = between(content, b'"tax_code":"').decode()
                procedure = between(content, b'"procedure":"').decode()
                version = self._versions[procedure]
                dossiers.append((number, declarant, key.decode(), digest, procedure, now, version))
                parts = number.encode(), digest.encode()
                value = SUBMITTED_JSON % (parts[0], at, parts[1], key, version.encode(), content)
                facts.append(Fact(SUBMISSIONS.name, number, SUBMITTED, f"{next(self._ids):032x}", value))
                receipts.append(RECEIPT % (index, *parts, at))
            answers.append(b"".join(receipts))
        async with self._connection.transaction():
            await self._connection.copy_records_to_table("dossier", records=dossiers, columns=DOSSIER)
            rows = await self._journal.append(self._connection, facts)
        self._journal.publish(rows)
        for (_, future), answer in zip(group, answers, strict=True):
            future.set_result(answer)


async def hear(connection: Connection, batch: Batch) -> None:
    """A row of the timeline for each status."""
    rows = []
    for records in batch.values():
        for record in records:
            value = record.value
            rows.append(
                (
                    record.key.decode(),
                    int(between(value, b'"revision":', b",")),
                    between(value, b'"status":"').decode(),
                    "status-changed",
                    between(value, b'"declarant":"').decode(),
                    value.decode(),
                )
            )
    async with connection.transaction():
        await move_progress(connection, batch)
        await connection.copy_records_to_table("timeline", records=rows, columns=TIMELINE)


async def main() -> None:
    """Run it."""
    journal = await Journal.of("intake")
    intake = Intake(journal, await connect("intake"))
    reader = await Reader.of("intake", [STATUS])
    await serve(journal, {"/v1/dossiers/bulk": intake.bulk}, intake.commit(), reader.read(hear))


if __name__ == "__main__":
    run(main)
