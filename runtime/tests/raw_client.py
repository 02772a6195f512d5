"""A client that speaks HTTP byte by byte, as no well-behaved one would; and a service process to speak to."""

import asyncio
import json
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nsw_local import Ports

HERE = Path(__file__).parent
LONG = 30.0  # far beyond every limit of these tests


@dataclass
class Answer:
    """What came back; status 0: the connection ended without a word."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        return self.json["type"].removeprefix("urn:nsw:problem:")


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def get(self, path: str, *headers: str) -> None:
        self.send("\r\n".join([f"GET {path} HTTP/1.1", "host: x", *headers, "", ""]).encode())

    async def answer(self) -> Answer:
        async with asyncio.timeout(LONG):
            try:
                head = await self.reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return Answer(0)
            first, *lines = head.decode().rstrip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
            return Answer(int(first.split()[1]), headers, body)

    async def ended(self) -> bool:
        """Whether the server has closed it; waits for that."""
        async with asyncio.timeout(LONG):
            try:
                return not await self.reader.read(1)
            except ConnectionError:
                return True


@dataclass
class Door:
    """The service's address."""

    port: int

    @asynccontextmanager
    async def line(self, tls: ssl.SSLContext | None = None, source: str = "127.0.0.1") -> AsyncIterator[Line]:
        options = {"ssl": tls, "server_hostname": "localhost"} if tls else {}
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0), **options)
        try:
            yield Line(reader, writer)
        finally:
            writer.transport.abort()

    async def get(self, path: str, tls: ssl.SSLContext | None = None, source: str = "127.0.0.1") -> Answer:
        async with self.line(tls, source) as line:
            line.get(path, "connection: close")
            return await line.answer()


@asynccontextmanager
async def service(**settings: str) -> AsyncIterator[Door]:
    """A service process with these settings, listening."""
    port = Ports.free().intake
    env = os.environ | settings | {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1/none", "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "NSW_HTTP_PORT": str(port),
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, HERE / "limited_service.py"], env=env)  # noqa: ASYNC220  # starts at once
    try:
        async with asyncio.timeout(LONG):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionError:
                    assert process.poll() is None, "the service has ended"
                    await asyncio.sleep(0.05)
                    continue
                writer.transport.abort()
                break
        yield Door(port)
        process.terminate()
        assert await asyncio.to_thread(process.wait, LONG) == 0
    finally:
        process.kill()
        process.wait()
