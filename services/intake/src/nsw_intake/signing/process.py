"""Cryptography for the doors, in one child process (`worker.py`), which leaves the event loop's thread to itself.

In threads, each verification would come back through the interpreter's one lock while the event loop is busy under it:
two such changes of threads cost more than the verification. A frame through a pipe costs by the frame, so ask for many
at once. A child that ended or does not answer is replaced at the next question; what it was asked is a 503.
"""

import asyncio
import contextlib
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from nsw_runtime.problems import unavailable

from nsw_intake.signing.receipts import ReceiptKeys
from nsw_intake.signing.worker import LENGTH_BYTES, Check, Sign, Verify, frame, framed

log = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 20.0  # for one answer
AGAIN: Final = "Signatures cannot be made or verified now. Send it again with the same key."


class SigningProcess:
    """The child, and what it was asked. `start` it with the service, `close` it when nobody asks any more."""

    def __init__(self, keys: ReceiptKeys) -> None:
        self._keys = keys
        self._starting = asyncio.Lock()
        self._child: _Child | None = None

    async def start(self) -> None:
        """Have a child that answers."""
        await self._living()

    async def verify(self, checks: Sequence[Check]) -> list[bool]:
        """Whether each signature holds.

        Raises:
            Problem: 503, the child ended or does not answer.
        """
        found: list[bool] = await self._ask(Verify(list(checks)))
        return found

    async def sign(self, receipts: Sequence[bytes]) -> list[str]:
        """The compact JWS over each receipt's JSON.

        Raises:
            Problem: 503, as above.
        """
        made: list[str] = await self._ask(Sign(list(receipts)))
        return made

    async def close(self) -> None:
        """Let the child end."""
        if self._child is not None:
            await self._child.end()

    async def _ask(self, question: Verify | Sign) -> Any:
        child = await self._living()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await child.ask(question)
        except TimeoutError:
            log.warning("the signing process does not answer; it is replaced")
            child.kill()
            raise unavailable(AGAIN) from None
        except ConnectionError:
            raise unavailable(AGAIN) from None

    async def _living(self) -> "_Child":
        if self._child is not None and self._child.lives:
            return self._child
        async with self._starting:
            if self._child is None or not self._child.lives:
                if self._child is not None:
                    log.warning("the signing process ended; another one is started")
                    await self._child.end()
                self._child = await _Child.started(self._keys)
            return self._child


class _Child:
    """One process, with the questions it has not answered yet."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None  # noqa: S101  # both are pipes
        assert process.stdout is not None  # noqa: S101
        self._process = process
        self._asked, self._answers = process.stdin, process.stdout
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self.lives = True
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def started(cls, keys: ReceiptKeys) -> "_Child":
        argv = (sys.executable, "-m", "nsw_intake.signing.worker")
        child = cls(await asyncio.create_subprocess_exec(*argv, stdin=PIPE, stdout=PIPE))
        child._asked.write(framed(keys.private_der()))
        return child

    async def ask(self, question: Verify | Sign) -> Any:
        """The answer.

        Raises:
            ConnectionError: the process ended before it answered.
        """
        if not self.lives:
            raise ConnectionError
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._asked.write(frame(question))
        return await future

    def kill(self) -> None:
        self.lives = False
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def end(self) -> None:
        """Nothing more is asked; a process that does not take that as its end is killed."""
        self._asked.close()
        try:
            async with asyncio.timeout(2):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        decode = msgspec.msgpack.decode
        try:
            while True:
                size = int.from_bytes(await self._answers.readexactly(LENGTH_BYTES))
                answer = decode(await self._answers.readexactly(size))
                future = self._waiting.popleft()
                if not future.done():
                    future.set_result(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.lives = False
            for future in self._waiting:
                if not future.done():
                    future.set_exception(ConnectionError("the signing process ended"))
