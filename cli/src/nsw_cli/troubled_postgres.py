"""A TCP proxy before a real Postgres that has things go wrong to order, as they do with a database.

A trouble befalls the next session that begins. Postgres itself refuses a session that is to be refused, and ends one
that is to be ended; the network's troubles are made here, at the session's COMMIT. Sessions are without TLS
(`sslmode=disable`).
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, Literal

import asyncpg

Trouble = Literal["busy", "lock-out", "err", "hang", "lose-reply", "slow"]
"""`busy`: no session more for this role; `lock-out`: it may not log in; `err`: the session is ended before its COMMIT.
`hang`: the COMMIT never arrives; `lose-reply`: it is done, and the connection ends; `slow`: it is done, and the reply
never ends."""

_AT_LOGIN: Final = {"busy": ("connection limit 0", "connection limit -1"), "lock-out": ("nologin", "login")}
_CANCEL: Final = 80877102
_COMMIT: Final = b"Q\x00\x00\x00\x0cCOMMIT;\x00"  # as asyncpg sends it
_READY_FOR_QUERY: Final = b"Z"
_END: Final = """
select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = $1 and client_port = $2
"""


class TroubledPostgres:
    """The proxy; all of its methods run in one event loop. `owner` is a session of the database's owner."""

    def __init__(self, host: str, port: int, role: str, owner: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._place = host, port
        self._role = role
        self._owner = owner
        self._troubles: deque[Trouble] = deque()
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Listen on loopback; gives the port."""
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """End it, and every session through it."""
        if self._server is not None:
            self._server.close()
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    def order(self, trouble: Trouble, times: int) -> None:
        """Have the next sessions go wrong so."""
        self._troubles.extend([trouble] * times)

    def forget(self) -> None:
        """Order nothing any more."""
        self._troubles.clear()

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = asyncio.ensure_future(self._serve(reader, writer))
        self._sessions.add(session)
        session.add_done_callback(self._sessions.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(*self._place)
        try:
            with suppress(OSError, EOFError):
                await self._session(reader, writer, up_reader, up_writer)
        finally:
            for each in (writer, up_writer):
                each.transport.abort()

    async def _session(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader,
        up_writer: asyncio.StreamWriter,
    ) -> None:
        packet = await _untyped(reader)
        if int.from_bytes(packet[4:8]) == _CANCEL:
            up_writer.write(packet)
            await up_writer.drain()
            return
        trouble = self._troubles.popleft() if self._troubles else None
        session = _Session(reader, writer, up_reader, up_writer)
        if trouble in _AT_LOGIN:
            async with self._refused(trouble):
                up_writer.write(packet)
                await session.go_on(commit=False)
            return
        up_writer.write(packet)
        await session.until_commit()
        match trouble:
            case None:
                await session.go_on()
            case "err":
                await self._owner.execute(_END, self._role, up_writer.get_extra_info("sockname")[1])
                await session.go_on(commit=False)
            case "hang":
                await reader.read()
            case "lose-reply":
                await session.committed()
            case "slow":
                writer.write((await session.committed())[:-1])
                await reader.read()

    @asynccontextmanager
    async def _refused(self, trouble: str) -> AsyncIterator[None]:
        wrong, right = _AT_LOGIN[trouble]
        await self._owner.execute(f"alter role {self._role} {wrong}")
        try:
            yield
        finally:
            await self._owner.execute(f"alter role {self._role} {right}")


class _Session:
    """One session, passed on in both directions."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader,
        up_writer: asyncio.StreamWriter,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._up_reader = up_reader
        self._up_writer = up_writer

    async def until_commit(self) -> None:
        """Pass everything on until the client sends COMMIT; what Postgres owes by then has been passed on, too.

        Raises:
            EOFError: the session ended without.
        """
        answers = asyncio.ensure_future(self._pass_answers())
        try:
            while (message := await _typed(self._reader)) != _COMMIT:
                self._up_writer.write(message)
                await self._up_writer.drain()
        finally:
            answers.cancel()
            await asyncio.gather(answers, return_exceptions=True)

    async def go_on(self, *, commit: bool = True) -> None:
        """Pass everything on until one of the two ends the session."""
        if commit:
            self._up_writer.write(_COMMIT)
        both = [asyncio.ensure_future(one) for one in (self._pass_answers(), self._pass_questions())]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for one in both:
            one.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        await self._writer.drain()

    async def committed(self) -> bytes:
        """Have the COMMIT done; Postgres's answer to it."""
        self._up_writer.write(_COMMIT)
        answer = b""
        while True:
            message = await _typed(self._up_reader)
            answer += message
            if message[:1] == _READY_FOR_QUERY:
                return answer

    async def _pass_answers(self) -> None:
        try:
            while True:
                self._writer.write(await _typed(self._up_reader))
                await self._writer.drain()
        except EOFError:
            self._writer.close()  # at which the client's side ends, too

    async def _pass_questions(self) -> None:
        while data := await self._reader.read(1 << 16):
            self._up_writer.write(data)
            await self._up_writer.drain()


async def _untyped(reader: asyncio.StreamReader) -> bytes:
    """A message before the session has begun: its length, then itself."""
    length = await reader.readexactly(4)
    return length + await reader.readexactly(int.from_bytes(length) - 4)


async def _typed(reader: asyncio.StreamReader) -> bytes:
    """A message of a session: its type, its length, itself."""
    head = await reader.readexactly(5)
    return head + await reader.readexactly(int.from_bytes(head[1:]) - 4)
