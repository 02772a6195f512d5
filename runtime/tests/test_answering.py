"""What a request's cycle writes: the head of an answer of known length goes with its body; nothing waits for more."""

import asyncio
from typing import Any, cast

import pytest
from nsw_runtime.http_protocol import _Answering

HEAD = b"HTTP/1.1 202 Accepted\r\ncontent-type: x\r\ncontent-length: 4\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Written:
    """Notes what is written."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def is_closing(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ([HEAD, b"body"], [HEAD + b"body"]),
        ([HEAD, b"bo", b"dy"], [HEAD + b"bo", b"dy"]),
        ([HEAD, b"body", HEAD, b"body"], [HEAD + b"body"] * 2),
        ([CHUNKED], [CHUNKED]),
        ([CHUNKED, b"2\r\nxy\r\n"], [CHUNKED, b"2\r\nxy\r\n"]),
        ([CONTINUE], [CONTINUE]),
        ([HEAD, HEAD], [HEAD + HEAD]),
    ],
)
def test_what_is_written_together(said: list[bytes], written: list[bytes]) -> None:
    transport = Written()
    answering = _Answering(cast("asyncio.Transport", transport), lambda: None)
    for data in said:
        answering.write(data)
    assert transport.writes == written


@pytest.mark.parametrize("last", ["flush", "close"])
def test_a_head_without_a_body_is_written_at_the_end(last: str) -> None:
    transport = Written()
    ended: list[Any] = []
    answering = _Answering(cast("asyncio.Transport", transport), lambda: ended.append(transport.writes[:]))
    answering.write(HEAD)
    assert transport.writes == []
    getattr(answering, last)()
    getattr(answering, last)()
    assert transport.writes == [HEAD]
    assert ended == ([] if last == "flush" else [[HEAD], [HEAD]])
