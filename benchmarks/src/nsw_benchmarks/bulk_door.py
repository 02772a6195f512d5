"""The window's door for many lines at once: what businesses file, and what they ask for afterwards.

Lines are sent again, with the same idempotency keys, after a 429 or 5xx, a lost connection or a lost reply: the window
answers a key it knows with the first receipt, so each line ends with exactly one.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp
import orjson

MOST_LINES = 250
_REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=30)
_BACKOFF_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 5.0
_ACCEPTED = 202
_BUSY = 429


class SubmissionError(Exception):
    """The window will not take these lines, or has not for too long: mend what its answer says."""


class BulkDoor:
    """One intake's bulk door; gives up after `patience` seconds without a single receipt.

    `headers` gives what each request carries to say who sends it.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        intake_url: str,
        patience: float,
        headers: Callable[[], Awaitable[dict[str, str]]],
    ) -> None:
        self._session = session
        self._url = f"{intake_url}/v1/dossiers/bulk"
        self._patience = patience
        self._heard_at = 0.0
        self._headers = headers

    async def send(self, lines: Sequence[str]) -> list[dict[str, Any]]:
        """Send lines until all have receipts; the receipts, in the order of the lines.

        Raises:
            SubmissionError: a line was refused, or the window gave no receipt for too long.
        """
        began = time.monotonic()
        receipts: dict[int, dict[str, Any]] = {}
        waiting = list(range(len(lines)))
        while waiting:
            answers = await self._post([lines[index] for index in waiting], began)
            put_off = []
            for index, answer in zip(waiting, answers, strict=True):
                if answer["status"] == _ACCEPTED:
                    receipts[index] = answer["receipt"]
                elif _passing(answer["status"]):
                    put_off.append(index)
                else:
                    raise SubmissionError(f"{lines[index]} was answered {answer}")
            if len(put_off) < len(waiting):
                self._heard_at = time.monotonic()
            if put_off:
                await self._pause("puts lines off", _BACKOFF_SECONDS, began)
            waiting = put_off
        return [receipts[index] for index in range(len(lines))]

    async def _post(self, lines: list[str], began: float) -> list[dict[str, Any]]:
        body = "\n".join(lines).encode()
        while True:
            wait = _BACKOFF_SECONDS
            try:
                headers = {"content-type": "application/x-ndjson"} | await self._headers()
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
            await self._pause(trouble, wait, began)

    async def _pause(self, trouble: str, seconds: float, began: float) -> None:
        if time.monotonic() - max(began, self._heard_at) > self._patience:
            raise SubmissionError(f"{self._url} {trouble}; no receipt for {self._patience:.0f} s")
        await asyncio.sleep(min(seconds, _LONGEST_WAIT_SECONDS))


def _passing(status: int) -> bool:
    return status == _BUSY or status >= 500


def _parsed(text: bytes, expected: int) -> list[dict[str, Any]]:
    answers = [orjson.loads(line) for line in text.splitlines()]
    if [answer["line"] for answer in answers] != list(range(1, expected + 1)):
        raise SubmissionError(f"{expected} lines filed, not one answer for each in order: {text[:500]!r}")
    return answers
