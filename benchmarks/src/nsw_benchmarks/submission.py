"""Filing dossiers through the bulk door until every one has a receipt.

A batch is sent again, with the same idempotency keys, after a 429 or 5xx, a lost connection or a lost reply:
the window answers a key it knows with the first receipt, so each dossier ends with exactly one.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from typing import Any, NamedTuple

import aiohttp
import orjson

from nsw_benchmarks.businesses import Business
from nsw_benchmarks.profile import Filing

BATCH_LINES = 250
IN_FLIGHT = 8
_PACED_BATCH_SECONDS = 0.05  # at a given rate, a batch holds what falls due in this time
_REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=30)
_BACKOFF_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 5.0
_ACCEPTED = 202
_BUSY = 429


class SubmissionError(Exception):
    """The window will not take these dossiers, or has not for too long: mend what its answer says."""


class Receipt(NamedTuple):
    """An acknowledged dossier: its number, whose it is, and when the reply came (epoch seconds)."""

    number: str
    agency: str
    business: Business
    at: float


class Submitter:
    """Files dossiers at one intake; gives up after `patience` seconds without a single receipt."""

    def __init__(self, session: aiohttp.ClientSession, intake_url: str, run_id: str, patience: float) -> None:
        self._session = session
        self._url = f"{intake_url}/v1/dossiers/bulk"
        self._run_id = run_id
        self._patience = patience
        self._heard_at = time.monotonic()

    async def file(
        self, filings: Iterator[Filing], rate: float | None, on_receipts: Callable[[list[Receipt]], None]
    ) -> None:
        """File everything, several batches in flight, until all have receipts, told a batch at a time.

        Args:
            filings: what to file.
            rate: dossiers a second, in small batches so that none waits long for its batch; None: as fast as
                the window takes them, in large ones.
            on_receipts: called with each batch's receipts as they come.

        Raises:
            SubmissionError: a dossier was refused, or the window gave no receipt for too long.
        """
        lines = BATCH_LINES if rate is None else max(1, min(BATCH_LINES, int(rate * _PACED_BATCH_SECONDS)))
        started = self._heard_at = time.monotonic()
        batches = count()

        async def work() -> None:
            while batch := list(islice(filings, lines)):
                first = next(batches) * lines
                if rate is not None:
                    await asyncio.sleep(started + first / rate - time.monotonic())
                on_receipts(await self._file(batch, first))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(IN_FLIGHT):
                    group.create_task(work())
        except ExceptionGroup as failed:
            # One worker's failure cancels the others: it is the whole story.
            raise failed.exceptions[0] from None

    async def _file(self, batch: Sequence[Filing], first: int) -> list[Receipt]:
        lines = {
            index: f'{{"idempotency_key":"{self._run_id}-{first + index}","dossier":{filing.body}}}'
            for index, filing in enumerate(batch)
        }
        receipts: list[Receipt] = []
        while lines:
            answers = await self._post(list(lines.values()))
            now = time.time()
            waiting = len(lines)
            for index, answer in zip(list(lines), answers, strict=True):
                if answer["status"] == _ACCEPTED:
                    filing = batch[index]
                    receipts.append(Receipt(answer["receipt"]["number"], filing.agency, filing.business, now))
                    del lines[index]
                elif not _passing(answer["status"]):
                    raise SubmissionError(f"{lines[index]} was answered {answer}")
            if len(lines) < waiting:
                self._heard_at = time.monotonic()
            if lines:
                await self._pause("puts lines off", _BACKOFF_SECONDS)
        return receipts

    async def _post(self, lines: list[str]) -> list[dict[str, Any]]:
        body = "\n".join(lines).encode()
        headers = {"content-type": "application/x-ndjson"}
        while True:
            wait = _BACKOFF_SECONDS
            try:
                async with self._session.post(self._url, data=body, headers=headers, timeout=_REQUEST_TIMEOUT) as reply:
                    text = await reply.read()
                    if reply.status == 200:
                        return _parsed(text, len(lines))
                    if not _passing(reply.status):
                        raise SubmissionError(f"{self._url} answered {reply.status}: {text.decode()[:2000]}")
                    trouble = f"answers {reply.status}"
                    wait = float(reply.headers.get("retry-after", wait))
            except (aiohttp.ClientError, TimeoutError) as error:
                trouble = f"cannot be reached: {error!r}"
            await self._pause(trouble, wait)

    async def _pause(self, trouble: str, seconds: float) -> None:
        if time.monotonic() - self._heard_at > self._patience:
            raise SubmissionError(f"{self._url} {trouble}; no receipt for {self._patience:.0f} s")
        await asyncio.sleep(min(seconds, _LONGEST_WAIT_SECONDS))


def _passing(status: int) -> bool:
    return status == _BUSY or status >= 500


def _parsed(text: bytes, expected: int) -> list[dict[str, Any]]:
    answers = [orjson.loads(line) for line in text.splitlines()]
    if [answer["line"] for answer in answers] != list(range(1, expected + 1)):
        raise SubmissionError(f"{expected} lines filed, not one answer for each in order: {text[:500]!r}")
    return answers
