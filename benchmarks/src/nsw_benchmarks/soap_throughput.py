"""*vnsw-soap* beside the bare HTTP exchange of the same bytes, against one gateway that does nothing.

`python -m nsw_benchmarks.soap_throughput` prints it; `measure()` gives the figures and `soap_table` the table. Both
take turns on one event loop with the same number of messages in flight: the bare side posts bodies that the adapter
made before, and reads the answers unread; the adapter reads each dossier, builds, judges and sends its message, and
reads and judges the answer.
"""

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import aiohttp
from nsw_contracts.adapter import HttpSettings, MinistryAdapter, Taken
from nsw_contracts.adapter.conformance import dossiers
from nsw_contracts.adapter.conformance.given import Given
from nsw_contracts.adapter.discovery import load, settings_of
from nsw_contracts.adapter.messages import Delivery
from nsw_procedures.example import example_content
from nsw_procedures.packs import packs
from rich.table import Table

AGENCY: Final = "BNNPTNT"
PROCEDURE: Final = "BNNPTNT0600009"
IN_FLIGHT: Final = 16
MESSAGES: Final = 500  # different ones, sent over and over
ROUNDS: Final = 3
_START_SECONDS: Final = 20.0
_HEADERS: Final = {"content-type": "text/xml; charset=utf-8", "soapaction": '""'}

Once = Callable[[int], Awaitable[None]]


class WrongAnswer(RuntimeError):
    """A message was not taken: the figures would say nothing."""


def measure(seconds: float = 3.0) -> dict[str, Any]:
    """Messages a second of both, each measured for so many seconds in each of three rounds; the best round counts.

    Gives `{"vnsw_soap": …, "bare": …, "of_bare": …, "message_bytes": …, "in_flight": …}`.

    Raises:
        WrongAnswer: a message was not taken.
    """
    with _gateway() as url:
        return asyncio.run(_measure(url, seconds))


def soap_table(report: Mapping[str, Any]) -> Table:
    """The figures as a table for a terminal."""
    table = Table(title="vnsw-soap beside the bare HTTP exchange of the same bytes")
    table.add_column("")
    table.add_column("figure", justify="right")
    table.add_row("vnsw-soap, messages a second", f"{report['vnsw_soap']:,.0f}")
    table.add_row("bare exchange, messages a second", f"{report['bare']:,.0f}")
    table.add_row("vnsw-soap of bare", f"{report['of_bare']:.2f}")
    table.add_row("bytes of a message", f"{report['message_bytes']:,}")
    table.add_row("in flight", f"{report['in_flight']}")
    return table


async def _measure(url: str, seconds: float) -> dict[str, Any]:
    pack = packs().versions(PROCEDURE)[0]
    content = example_content(pack, pack.examples[0])
    works = [dossiers.delivery(AGENCY, content, which) for which in range(1, MESSAGES + 1)]
    bodies = await _bodies(works)
    async with _adapter(url) as adapter, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as http:

        async def speak(which: int) -> None:
            # A new delivery each time, as the host makes it: what is read of one is not remembered.
            work = works[which % MESSAGES]
            outcome = await adapter.deliver(
                Delivery(message_id=work.message_id, agency=AGENCY, number=work.number, raw=work.raw)
            )
            if not isinstance(outcome, Taken):
                raise WrongAnswer(str(outcome))

        async def exchange(which: int) -> None:
            async with http.post(url, data=bodies[which % MESSAGES], headers=_HEADERS) as answer:
                if answer.status != 200 or not await answer.read():
                    raise WrongAnswer(str(answer.status))

        spoken, exchanged = list[float](), list[float]()
        for _ in range(ROUNDS):
            exchanged.append(await _rate(exchange, seconds))
            spoken.append(await _rate(speak, seconds))
    best, bare = max(spoken), max(exchanged)
    return {
        "vnsw_soap": round(best),
        "bare": round(bare),
        "of_bare": round(best / bare, 3),
        "message_bytes": len(bodies[0]),
        "in_flight": IN_FLIGHT,
    }


async def _rate(once: Once, seconds: float) -> float:
    """How often a second, so many at a time."""
    begun = time.perf_counter()
    until, done = begun + seconds, 0

    async def worker() -> None:
        nonlocal done
        while time.perf_counter() < until:
            done += 1
            await once(done)

    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    return done / (time.perf_counter() - begun)


async def _bodies(works: list[Delivery]) -> list[bytes]:
    """The requests that the adapter makes of these, caught by a server that only listens."""
    caught: list[bytes] = []

    async def catch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
            )
            caught.append(await reader.readexactly(length))
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(catch, "127.0.0.1", 0)
    async with server, _adapter(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/") as adapter:
        for work in works:
            await adapter.deliver(work)
    return caught


@asynccontextmanager
async def _adapter(url: str) -> AsyncIterator[MinistryAdapter]:
    kind = load("vnsw-soap")
    http = HttpSettings(plain_loopback=True, connections=IN_FLIGHT)
    ministry = {"name": "Bộ", "ministry_code": AGENCY}
    adapter = kind(Given(AGENCY, http, {}).context, settings_of(kind, {"url": url, "ministry": ministry}))
    await adapter.open()
    try:
        yield adapter
    finally:
        await adapter.close()


@contextmanager
def _gateway() -> Iterator[str]:
    """The gateway as a process of its own; its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "nsw_benchmarks.soap_gateway", str(port)])  # noqa: S603
    try:
        _await_port(port, process)
        yield f"http://127.0.0.1:{port}/gateway"
    finally:
        process.terminate()
        process.wait(10)


def _await_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("the gateway did not start")


def main() -> None:
    """Measure and print."""
    from rich.console import Console  # noqa: PLC0415  # a terminal is needed here only

    Console().print(soap_table(measure()))


if __name__ == "__main__":
    main()
