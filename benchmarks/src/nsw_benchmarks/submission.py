"""Filing the country's dossiers, several batches in flight, until every one has a receipt."""

import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import count, islice
from typing import NamedTuple

from nsw_benchmarks.bulk_door import MOST_LINES, BulkDoor
from nsw_benchmarks.profile import Filing

IN_FLIGHT = 8
_PACED_BATCH_SECONDS = 0.05  # at a given rate, a batch holds what falls due in this time


class Receipt(NamedTuple):
    """An acknowledged dossier: its number, what was filed, and when the reply came (epoch seconds)."""

    number: str
    filing: Filing
    at: float


async def submit(
    door: BulkDoor,
    run_id: str,
    filings: Iterator[Filing],
    rate: float | None,
    on_receipts: Callable[[list[Receipt]], None],
) -> None:
    """File everything until all have receipts, told a batch at a time.

    Args:
        door: where to file.
        run_id: begins every idempotency key.
        filings: what to file.
        rate: dossiers a second, in small batches so that none waits long for its batch; None: as fast as
            the window takes them, in large ones.
        on_receipts: called with each batch's receipts as they come.

    Raises:
        SubmissionError: a dossier was refused, or the window gave no receipt for too long.
    """
    most = MOST_LINES if rate is None else max(1, min(MOST_LINES, int(rate * _PACED_BATCH_SECONDS)))
    started = time.monotonic()
    batches = count()

    async def work() -> None:
        while batch := list(islice(filings, most)):
            first = next(batches) * most
            if rate is not None:
                await asyncio.sleep(started + first / rate - time.monotonic())
            lines = [
                f'{{"idempotency_key":"{run_id}-{first + index}","dossier":{filing.body}}}'
                for index, filing in enumerate(batch)
            ]
            receipts = await door.send(lines)
            now = time.time()
            on_receipts(
                [Receipt(receipt["number"], filing, now) for receipt, filing in zip(receipts, batch, strict=True)]
            )

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(IN_FLIGHT):
                group.create_task(work())
    except ExceptionGroup as failed:
        # One worker's failure cancels the others: it is the whole story.
        raise failed.exceptions[0] from None
