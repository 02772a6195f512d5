"""Live streams: every client that listens, and what is sent to it.

A client is at a position of its business's stream, and is sent what follows, in order, as fast as it reads. An idle one
costs a connection and one waiting task. What is on its way to a client is bounded; one that does not read keeps
its place and is served again when it does, and nobody else waits for it.
"""

import asyncio
import json
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import asyncpg
from nsw_contracts.events import says
from nsw_contracts.sentences import LANGUAGES
from nsw_contracts.telling import tell
from nsw_runtime.clock import Clock
from nsw_runtime.database import UNAVAILABLE, Pool
from nsw_runtime.journal import Stated, append

from nsw_notifier import stream_store
from nsw_notifier.stream_store import PAGE, StreamEvent

log = logging.getLogger(__name__)

Send = Callable[[Mapping[str, Any]], Awaitable[None]]

BEAT_SECONDS: Final = 15.0  # a comment at least so often, so that proxies keep the connection and clients know of it
LONGEST_SECONDS: Final = 3600.0  # then the client comes again, and says again who it is
ON_THE_WAY: Final = 200  # events that wait for one client to read
TELL_SECONDS: Final = 0.5  # what was sent is noted together
_BEAT: Final = b": still here\n\n"
_SHORTEST: Final = 0.9  # of LONGEST_SECONDS: not all at once


class Client:
    """One connection. `position` is the last event that is on its way, or was passed over as not wanted.

    It is made in the task that answers the request, which `end` interrupts.
    """

    def __init__(
        self, streams: "Streams", declarant: str, position: int, send: Send, wants: Callable[[StreamEvent], bool]
    ) -> None:
        self.declarant = declarant
        self.position = position
        self.ends_at = time.monotonic() + LONGEST_SECONDS * random.uniform(_SHORTEST, 1.0)  # noqa: S311  # spread
        self.beats_at = time.monotonic() + BEAT_SECONDS * random.uniform(0.0, 1.0)  # noqa: S311
        self.over = False
        self._task = asyncio.current_task()
        self._streams = streams
        self._send = send
        self._wants = wants
        self._waiting: list[tuple[bytes, StreamEvent | None]] = []
        self._writing: asyncio.Task[None] | None = None

    @property
    def room(self) -> bool:
        """Whether more may be put on its way."""
        return len(self._waiting) < ON_THE_WAY

    def offer(self, event: StreamEvent, text: bytes) -> None:
        """The next event of its business; passed on where it is wanted and has not been."""
        if event.position <= self.position:
            return
        self.position = event.position
        if self._wants(event):
            self.write(text, event)

    def write(self, text: bytes, event: StreamEvent | None = None) -> None:
        """Put something on its way."""
        self._waiting.append((text, event))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    def beat(self, now: float) -> None:
        """Say that the connection stands, where nothing else says so."""
        self.beats_at = now + BEAT_SECONDS
        if self._writing is None:
            self.write(_BEAT)

    async def _write(self) -> None:
        full = False
        try:
            while self._waiting:
                full |= not self.room
                waiting, self._waiting = self._waiting, []
                await self._send({"type": "http.response.body", "body": b"".join(text for text, _ in waiting),
                                  "more_body": True})  # fmt: skip
                self._streams.sent(event for _, event in waiting)
        except OSError:
            self.end()  # it hung up in the middle
        finally:
            self._writing = None
        if full:
            self._streams.wake(self.declarant)  # there is room again

    def end(self) -> None:
        """Let it go."""
        if not self.over and self._task is not None:
            self.over = True
            self._task.cancel()

    async def close(self) -> None:
        """No more is written."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)


class Streams:
    """Every client of this process. `run`, `beat` and `note` for as long as the service lives."""

    def __init__(self, *, pool: Pool, clock: Clock, on_commit: Callable[[Sequence[Stated]], None]) -> None:
        self._pool = pool
        self._clock = clock
        self._on_commit = on_commit
        self._clients: dict[str, set[Client]] = {}
        self._woken: dict[str, None] = {}  # in order, each once
        self._work = asyncio.Event()
        self._told: dict[tuple[str, int], None] = {}
        self.open = True

    def __len__(self) -> int:
        return sum(map(len, self._clients.values()))

    def listening(self, declarant: str) -> int:
        """How many clients a business has here."""
        return len(self._clients.get(declarant, ()))

    def join(self, client: Client) -> None:
        """Serve a client from its position on."""
        self._clients.setdefault(client.declarant, set()).add(client)
        self.wake(client.declarant)

    def leave(self, client: Client) -> None:
        """It has gone."""
        others = self._clients.get(client.declarant, set())
        others.discard(client)
        if not others:
            self._clients.pop(client.declarant, None)

    def wake(self, declarant: str | None) -> None:
        """Events were kept for this business; None: for any."""
        names = self._clients if declarant is None else [declarant] if declarant in self._clients else []
        self._woken |= dict.fromkeys(names)
        if self._woken:
            self._work.set()

    def end(self) -> None:
        """The service stops: every client is let go, and comes again elsewhere."""
        self.open = False
        for clients in self._clients.values():
            for client in clients:
                client.end()

    def sent(self, events: Any) -> None:
        """These were written to a client."""
        self._told |= dict.fromkeys(
            (event.declarant, event.position) for event in events if event is not None and event.untold
        )

    async def run(self) -> None:
        """Read what was kept, and pass it on."""
        while True:
            await self._work.wait()
            self._work.clear()
            while self._woken:
                declarant = next(iter(self._woken))
                del self._woken[declarant]
                try:
                    await self._serve(declarant)
                except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                    log.info("streams wait for Postgres", extra={"cause": type(error).__name__})
                    self._woken[declarant] = None
                    await asyncio.sleep(1.0)

    async def _serve(self, declarant: str) -> None:
        """One page for a business's clients, from the one furthest behind that has room."""
        able = [client for client in self._clients.get(declarant, ()) if client.room]
        if not able:
            return
        after = min(client.position for client in able)
        async with self._pool.acquire() as connection:
            events = await stream_store.read(connection, declarant, after)
        for event in events:
            text = as_text(event)
            for client in able:
                if client.room:
                    client.offer(event, text)
        if len(events) == PAGE:
            self._woken[declarant] = None

    async def beat(self) -> None:
        """Keep idle connections alive, and end old ones."""
        while True:
            await asyncio.sleep(1.0)
            now = time.monotonic()
            for clients in tuple(self._clients.values()):
                for client in tuple(clients):
                    if now >= client.ends_at:
                        client.end()
                    elif now >= client.beats_at:
                        client.beat(now)

    async def note(self) -> None:
        """State what was sent, together."""
        while True:
            await asyncio.sleep(TELL_SECONDS)
            told, self._told = self._told, {}
            if not told:
                continue
            now = self._clock()
            try:
                async with self._pool.acquire() as connection, connection.transaction():
                    stated = await append(connection, await stream_store.tell(connection, sorted(told), now), now)
                self._on_commit(stated)
            except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                log.info("what was streamed is noted later", extra={"cause": type(error).__name__})
                self._told = told | self._told


def as_text(event: StreamEvent) -> bytes:
    """An event as a stream carries it: what a webhook would, and what it says in both languages."""
    read = json.loads(event.body)
    kind = says(event.type)
    said = {language: str(tell(kind, read["data"], language)) for language in LANGUAGES}
    text = json.dumps(said, ensure_ascii=False).encode()
    return b'id: %d\nevent: %s\ndata: %s,"says":%s}\n\n' % (event.position, kind.encode(), event.body[:-1], text)
