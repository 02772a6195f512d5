"""A bounded body: taken whole up to the bound, refused beyond it before it has come, and never taken in part."""

from collections.abc import AsyncIterator

import pytest
from raw_client import Door, service
from support.polling import until

HEAD = b"POST /bounded HTTP/1.1\r\nhost: x\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
async def door() -> AsyncIterator[Door]:
    async with service() as running:
        yield running


async def test_a_body_of_the_bound_is_taken(door: Door) -> None:
    async with door.line() as line:
        line.send(HEAD + b"content-length: 1000\r\n\r\n" + b"x" * 1000)
        assert (await line.answer()).json == {"bytes": 1000}


@pytest.mark.parametrize(
    "sent", [HEAD + b"content-length: 1001\r\n\r\n", CHUNKED + b"3e9\r\n" + b"x" * 1001], ids=["declared", "found"]
)
async def test_a_larger_one_is_refused_before_it_has_all_come(door: Door, sent: bytes) -> None:
    async with door.line() as line:
        line.send(sent)
        answer = await line.answer()
        assert (answer.status, answer.kind) == (413, "too-large")
        assert "1,000 bytes" in answer.json["detail"]


async def test_one_that_breaks_off_is_not_taken(door: Door) -> None:
    before = (await door.get("/seen")).json["malformed"]
    async with door.line() as line:
        line.send(HEAD + b"content-length: 1000\r\n\r\n" + b"x" * 999)
        line.writer.write_eof()
        await line.ended()

    async def refused() -> bool:
        return bool((await door.get("/seen")).json["malformed"] == before + 1)

    await until(refused, "the handler to hear that its client is gone")
