"""The load generator against a door of these tests, and the requests it sends."""

import asyncio
import json
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from cryptography.exceptions import InvalidSignature
from nsw_benchmarks.door import requests
from nsw_benchmarks.door.bare import BareDoor
from nsw_benchmarks.door.load import run
from nsw_benchmarks.door.signers import Signer, base64url
from nsw_benchmarks.profile import Profile
from nsw_local.authority import DevelopmentAuthority

Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def door(answer: Answer) -> AsyncIterator[int]:
    """A door that reads whole requests and lets `answer` speak; gives its port."""

    served: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.current_task())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
                await answer(await reader.readexactly(length), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*served)


def made(count: int) -> list[bytes]:
    return [b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n%03d" % number for number in range(count)]


async def test_every_answer_is_counted_by_its_status_however_it_arrives() -> None:
    async def answer(body: bytes, writer: asyncio.StreamWriter) -> None:
        number = int(body)
        status = b"503 Away" if number % 10 == 0 else b"202 Accepted"
        said = b"HTTP/1.1 %b\r\ncontent-length: 3\r\n\r\n%b" % (status, body)
        for start in range(0, len(said), 7 if number % 3 else len(said)):
            writer.write(said[start : start + (7 if number % 3 else len(said))])
            await writer.drain()

    async with door(answer) as port:
        figures, bodies = await run(port, made(200), 8, 0)
    assert figures.statuses == {"202": 180, "503": 20}
    assert figures.accepted == 180
    assert sorted(bodies) == [b"%03d" % number for number in range(200) if number % 10]
    assert set(figures.latency_ms) == {"p50", "p95", "p99"}


async def test_a_connection_that_ends_is_no_answer() -> None:
    async def answer(body: bytes, writer: asyncio.StreamWriter) -> None:
        if body == b"001":
            writer.close()
        else:
            writer.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")

    async with door(answer) as port:
        figures, _ = await run(port, made(50), 4, 0)
    assert figures.statuses == {"202": 49, "0": 1}


async def test_a_schedule_is_kept_and_waiting_counts() -> None:
    waiting: list[asyncio.StreamWriter] = []

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        waiting.append(writer)
        if len(waiting) == 40:  # nobody is answered before all have been due
            for one in waiting:
                one.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")

    async with door(answer) as port:
        figures, _ = await run(port, made(40), 40, 400)
    assert figures.seconds >= 39 / 400
    assert figures.latency_ms["p99"] >= 39 / 400 * 1000, "the first was due long before it was answered"


def test_requests_are_signed_over_their_bodies(tmp_path) -> None:
    profile = Profile(3, 5, "plain")
    issuing = DevelopmentAuthority.of(tmp_path / "authority")
    signers = [Signer(one.tax_code, *issuing.issue(one.tax_code, "http://127.0.0.1:1/")) for one in profile.businesses]
    authorizations = {signer.tax_code: f"Bearer {signer.tax_code}" for signer in signers}
    assert requests.write(tmp_path / "made", profile.dossiers(10), signers, authorizations, 1_770_000_000) == 10
    assert requests.read(tmp_path / "made", 4, 3) == requests.read(tmp_path / "made", 0, 10)[4:7]
    keys = {base64url(signer.sha256): signer.key.public_key() for signer in signers}
    bare = BareDoor(None, keys)
    for number, one in enumerate(requests.read(tmp_path / "made", 0, 10)):
        head, _, body = one.partition(b"\r\n\r\n")
        lines = dict(line.split(": ", 1) for line in head.decode().splitlines()[1:])
        assert int(lines["Content-Length"]) == len(body)
        assert lines["Idempotency-Key"] == f"door-{number}"
        assert lines["Authorization"] == f"Bearer {json.loads(body)['declarant']['tax_code']}"
        protected = json.loads(urlsafe_b64decode(lines["NSW-Signature"].partition("..")[0] + "=="))
        assert (protected["alg"], protected["iat"]) == ("ES256", 1_770_000_000)
        bare._verify(lines["NSW-Signature"], body)
        with pytest.raises(InvalidSignature):
            bare._verify(lines["NSW-Signature"], body + b" ")
