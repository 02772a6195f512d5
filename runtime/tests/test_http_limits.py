"""What a client may hold of a service: every way of holding a connection for nothing ends, and honest ones go on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from nsw_runtime.http_limits import HEAD_BYTES, HEADERS, Connections, HttpLimits
from raw_client import Door, Line, service

MOST, PER_ADDRESS = 12, 6
LIMITS = {
    "NSW_HTTP_CONNECTIONS": str(MOST),
    "NSW_HTTP_CONNECTIONS_PER_ADDRESS": str(PER_ADDRESS),
    "NSW_HTTP_PATIENCE_SECONDS": "1",
    "NSW_HTTP_BODY_BYTES_A_SECOND": "1000000",
}
HEAD = b"POST /take HTTP/1.1\r\nhost: x\r\n"


@pytest.fixture(scope="module")
async def door() -> AsyncIterator[Door]:
    async with service(**LIMITS) as running:
        yield running


async def trickle(line: Line, piece: bytes, every: float = 0.1) -> None:
    """Send a piece again and again, until the connection ends."""
    while not line.writer.transport.is_closing():
        line.send(piece)
        await asyncio.sleep(every)


async def test_a_connection_that_says_nothing_is_closed(door: Door) -> None:
    async with door.line() as line:
        assert await line.ended()


async def test_a_head_that_trickles_is_answered_408(door: Door) -> None:
    async with door.line() as line, asyncio.TaskGroup() as group:
        line.send(HEAD)
        sending = group.create_task(trickle(line, b"x-more: 1\r\n"))
        answer = await line.answer()
        assert (answer.status, answer.kind, answer.headers["connection"]) == (408, "too-slow", "close")
        assert await line.ended()
        sending.cancel()


async def test_empty_lines_between_requests_hold_nothing(door: Door) -> None:
    """llhttp skips them without a word; uvicorn's timer for idle connections forgets about the connection."""
    async with door.line() as line, asyncio.TaskGroup() as group:
        sending = group.create_task(trickle(line, b"\r\n"))
        assert await line.ended()
        sending.cancel()


async def test_a_body_that_trickles_is_answered_408(door: Door) -> None:
    async with door.line() as line, asyncio.TaskGroup() as group:
        line.send(HEAD + b"content-length: 100000\r\n\r\n")
        sending = group.create_task(trickle(line, b"x"))
        answer = await line.answer()
        assert (answer.status, answer.kind) == (408, "too-slow")
        assert await line.ended()
        sending.cancel()
    assert (await door.get("/seen")).json["gone"] >= 1, "the handler heard that its client is gone"


async def test_a_body_that_came_in_time_is_taken_however_it_was_cut(door: Door) -> None:
    async with door.line() as line:
        for piece in (
            HEAD[:7],
            HEAD[7:],
            b"transfer-enc",
            b"oding: chunked\r\n\r",
            b"\n3\r\nab",
            b"c\r\n0\r\n\r",
            b"\n",
        ):
            line.send(piece)
            await asyncio.sleep(0)
        answer = await line.answer()
        assert (answer.status, answer.json) == (200, {"bytes": 3})


async def test_a_client_that_takes_no_answer_does_not_stop_the_others(door: Door) -> None:
    async with door.line() as line:
        line.get("/much")
        await line.reader.readexactly(10)
        assert (await door.get("/peer")).status == 200


@pytest.mark.parametrize(
    "head",
    [
        b"x-a: " + b"a" * (HEAD_BYTES + 1) + b"\r\n\r\n",
        b"x: 1\r\n" * (HEADERS + 1) + b"\r\n",
        b"x-a: " + b"a" * (HEAD_BYTES * 12),  # never ends
    ],
)
async def test_a_head_that_is_too_large_is_answered_431(door: Door, head: bytes) -> None:
    async with door.line() as line:
        line.send(b"GET /peer HTTP/1.1\r\nhost: x\r\n" + head)
        answer = await line.answer()
        assert (answer.status, answer.kind) == (431, "head-too-large")
        assert await line.ended()


async def test_a_head_that_grows_in_pieces_is_answered_431(door: Door) -> None:
    async with door.line() as line:
        line.send(b"GET /peer HTTP/1.1\r\nhost: x\r\n")
        for _ in range(6):
            line.send(b"x-a: " + b"a" * (HEAD_BYTES // 4) + b"\r\n")
            await asyncio.sleep(0.02)
        line.send(b"\r\n")
        assert (await line.answer()).status == 431


async def test_a_head_of_just_the_most_is_read_and_a_large_body_with_it(door: Door) -> None:
    async with door.line() as line:
        line.get("/peer", "x-a: " + "a" * (HEAD_BYTES - 100))
        assert (await line.answer()).status == 200
        line.send(HEAD + b"content-length: 200000\r\n\r\n" + b"x" * 200_000)
        assert (await line.answer()).json == {"bytes": 200_000}


async def test_endless_trailers_and_chunk_extensions_are_refused(door: Door) -> None:
    for endless in (b"0\r\n" + b"x-trailer: y\r\n" * 50_000, b"1;" + b"a" * 600_000):
        async with door.line() as line:
            line.send(HEAD + b"transfer-encoding: chunked\r\n\r\n")
            await asyncio.sleep(0.05)
            line.send(endless)
            answer = await line.answer()
            assert (answer.status, answer.kind) == (400, "not-http")


@pytest.mark.parametrize(
    "words",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /take HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
        b"POST /take HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /take HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nnothing\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_what_is_no_http_is_a_problem(door: Door, words: bytes) -> None:
    async with door.line() as line:
        line.send(words)
        answer = await line.answer()
        assert (answer.status, answer.kind) == (400, "not-http")
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_bad_request_behind_another_does_not_become_its_answer(door: Door) -> None:
    async with door.line() as line:
        line.send(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\nnonsense\r\n\r\n")
        assert (await line.answer()).status == 0


async def test_pipelined_requests_are_answered_in_order(door: Door) -> None:
    async with door.line() as line:
        line.get("/slow")
        line.send(HEAD + b"content-length: 2\r\n\r\nab")
        line.get("/peer")
        assert [(await line.answer()).status for _ in range(3)] == [200, 200, 200]
        line.get("/seen")
        assert (await line.answer()).status == 200


async def test_an_early_answer_is_heard_though_the_body_is_still_being_sent(door: Door) -> None:
    """A server that closes over bytes it has not read resets the connection, and the answer may be lost with it."""
    async with door.line() as line:
        line.send(b"POST /unread HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 4000000\r\n\r\n")
        answer = await line.answer()
        assert (answer.status, answer.headers["connection"]) == (413, "close")
        for _ in range(4):
            line.send(b" " * 1_000_000)
            await line.writer.drain()
        assert await line.reader.read() == b"", "the connection ends, and is not reset"


async def test_a_slow_body_after_an_early_answer_hears_nothing_more(door: Door) -> None:
    async with door.line() as line, asyncio.TaskGroup() as group:
        line.send(b"POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n")
        assert (await line.answer()).status == 413
        sending = group.create_task(trickle(line, b" "))
        assert (await line.answer()).status == 0, "one request has one answer"
        sending.cancel()


async def test_an_upgrade_is_answered_as_if_it_had_not_been_asked_for(door: Door) -> None:
    async with door.line() as line:
        line.get("/peer", "connection: upgrade", "upgrade: websocket")
        answer = await line.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")


async def test_one_address_holds_so_many_and_another_is_served(door: Door) -> None:
    async with AsyncExitStack() as open_ones:
        lines = [await open_ones.enter_async_context(door.line(source="127.0.0.2")) for _ in range(PER_ADDRESS)]
        for line in lines:
            line.get("/peer")
            assert (await line.answer()).status == 200
        over = await door.get("/peer", source="127.0.0.2")
        assert (over.status, over.kind) == (429, "too-many-connections")
        assert over.headers["retry-after"]
        assert (await door.get("/peer", source="127.0.0.3")).status == 200
        lines[0].get("/peer", "connection: close")
        assert (await lines[0].answer()).status == 200
        assert await lines[0].ended()
        assert (await door.get("/peer", source="127.0.0.2")).status == 200, "what is closed counts no more"


async def test_beyond_all_connections_503_and_beyond_twice_nothing(door: Door) -> None:
    async with AsyncExitStack() as open_ones:
        for number in range(MOST):
            line = await open_ones.enter_async_context(door.line(source=f"127.0.0.{number + 10}"))
            line.get("/peer")
            assert (await line.answer()).status == 200
        over = await door.get("/peer", source="127.0.0.90")
        assert (over.status, over.kind) == (503, "unavailable")
        assert over.headers["retry-after"]
        more = [
            await open_ones.enter_async_context(door.line(source=f"127.0.1.{number + 10}")) for number in range(MOST)
        ]
        async with door.line(source="127.0.0.91") as one:
            one.get("/peer")
            assert (await one.answer()).status == 0
        assert await more[0].ended(), "who has no place is given little time"
        assert await more[-1].ended()


class Quiet:
    """A connection of which nothing is asked."""

    def __init__(self) -> None:
        self.was_cut = False

    def tick(self, now: float) -> None: ...

    def cut(self) -> None:
        self.was_cut = True


def test_the_first_half_of_an_ipv6_address_is_one_client() -> None:
    held = Connections(HttpLimits(connections=100, per_address=2, patience_seconds=1, body_bytes_a_second=1))
    assert held.enter(Quiet(), "2001:db8::1") is None
    assert held.enter(Quiet(), "2001:db8::2") is None
    assert held.enter(Quiet(), "2001:db8:0:0:ffff::3") is not None
    assert held.enter(Quiet(), "2001:db8:0:1::3") is None
    assert held.enter(Quiet(), "fe80::1%eth0") is None


def test_nothing_is_kept_of_a_client_that_has_gone() -> None:
    held = Connections(HttpLimits(connections=100, per_address=2, patience_seconds=1, body_bytes_a_second=1))
    connections = [Quiet() for _ in range(4)]
    for number, one in enumerate(connections):
        held.enter(one, f"192.0.2.{number % 2}")
    for one in connections:
        held.leave(one)
        held.leave(one)
    assert (held._open, held._by_address) == ({}, {})
