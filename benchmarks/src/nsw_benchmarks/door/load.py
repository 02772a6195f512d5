"""A load generator that costs as little as Python allows: prepared bytes over kept connections, one look each.

`python -m nsw_benchmarks.door.load PORT FILE START COUNT CONNECTIONS RATE ANSWERS`: sends COUNT requests of FILE from
the one at START on, over so many connections, each with one request on its way. RATE 0: as fast as they are answered;
otherwise so many a second on a schedule, and a request's latency counts from its scheduled time, whether or not a
connection was free then. The bodies of 202s go to ANSWERS, one a line; figures go to standard output as JSON.
"""

import asyncio
import json
import sys
import time
from collections import Counter, deque
from pathlib import Path
from typing import Final, NamedTuple, cast

import uvloop

from nsw_benchmarks.door import requests
from nsw_benchmarks.measurement import percentiles

ACCEPTED: Final = 202
LOST: Final = 0
"""In place of a status: the connection ended without an answer."""
_TICK_SECONDS: Final = 0.001
_RANKS: Final = (50, 95, 99)
_STATUS: Final = slice(9, 12)  # of `HTTP/1.1 202 Accepted`
_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "


class Figures(NamedTuple):
    """What came of one load. `statuses` counts answers; `latency_ms` is of the 202s; `cpu_seconds` the generator's."""

    seconds: float
    cpu_seconds: float
    accepted: int
    statuses: dict[str, int]
    latency_ms: dict[str, float]

    @property
    def per_second(self) -> float:
        """202s a second."""
        return self.accepted / self.seconds


class Load:
    """Requests waiting, connections idle, and what was answered."""

    def __init__(self, made: list[bytes]) -> None:
        self._waiting: deque[tuple[bytes, float]] = deque()
        self._idle: deque[_Connection] = deque()
        self._made = made
        self._left = len(made)
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []
        self.answers: list[bytes] = []
        self.done = asyncio.get_running_loop().create_future()

    async def run(self, port: int, connections: int, rate: float) -> float:
        """Send everything; gives the seconds from the first request to the last answer."""
        loop = asyncio.get_running_loop()
        opened = [
            await loop.create_connection(lambda: _Connection(self), "127.0.0.1", port) for _ in range(connections)
        ]
        began = time.monotonic()
        if rate:
            await self._send_on_schedule(began, rate)
        else:
            self._waiting.extend((one, 0.0) for one in self._made)
            self._send_waiting(began)
        await self.done
        seconds = time.monotonic() - began
        for transport, _ in opened:
            transport.close()
        return seconds

    async def _send_on_schedule(self, began: float, rate: float) -> None:
        sent = 0
        while sent < len(self._made):
            now = time.monotonic()
            due = min(len(self._made), int((now - began) * rate) + 1)
            self._waiting.extend((self._made[index], began + index / rate) for index in range(sent, due))
            sent = due
            self._send_waiting(now)
            await asyncio.sleep(_TICK_SECONDS)

    def _send_waiting(self, now: float) -> None:
        while self._waiting and self._idle:
            self._idle.popleft().send(*self._waiting.popleft(), now)

    def free(self, connection: "_Connection", now: float) -> None:
        """A connection may take the next request."""
        if self._waiting:
            connection.send(*self._waiting.popleft(), now)
        else:
            self._idle.append(connection)

    def answered(self, status: int, body: bytes, seconds: float) -> None:
        """A request came to its end."""
        self.statuses[status] += 1
        if status == ACCEPTED:
            self.latencies.append(seconds)
            self.answers.append(body)
        self._left -= 1
        if self._left == 0 and not self.done.done():
            self.done.set_result(None)


class _Connection(asyncio.Protocol):
    """One connection, with one request on its way."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._received = b""
        self._began: float | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._load.free(self, 0.0)

    def connection_lost(self, _: Exception | None) -> None:
        if self._began is not None:
            self._load.answered(LOST, b"", 0.0)
            self._began = None

    def send(self, made: bytes, due: float, now: float) -> None:
        """Send a request that was due then."""
        self._began = due or now
        self._transport.write(made)

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        end = received.find(_HEAD_END)
        if end < 0:
            self._received = received
            return
        place = received.lower().find(_LENGTH, 0, end) + len(_LENGTH)
        whole = end + len(_HEAD_END) + int(received[place : received.find(b"\r", place)])
        if len(received) < whole:
            self._received = received
            return
        self._received = b""
        now = time.monotonic()
        began, self._began = self._began or now, None
        self._load.answered(int(received[_STATUS]), received[end + len(_HEAD_END) : whole], now - began)
        self._load.free(self, now)


async def run(port: int, made: list[bytes], connections: int, rate: float) -> tuple[Figures, list[bytes]]:
    """Load a door with these requests; gives the figures and the bodies of the 202s."""
    load = Load(made)
    began = time.process_time()
    seconds = await load.run(port, connections, rate)
    latencies = percentiles(load.latencies, _RANKS)
    figures = Figures(
        seconds=seconds,
        cpu_seconds=time.process_time() - began,
        accepted=len(load.latencies),
        statuses={str(status): count for status, count in load.statuses.items()},
        latency_ms={rank: round(seconds * 1000, 1) for rank, seconds in latencies.items()},
    )
    return figures, load.answers


def main() -> None:
    """Run one load."""
    port, file, start, count, connections, rate, answers = sys.argv[1:]
    made = requests.read(Path(file), int(start), int(count))
    figures, bodies = uvloop.run(run(int(port), made, int(connections), float(rate)))
    Path(answers).write_bytes(b"".join(body + b"\n" for body in bodies))
    sys.stdout.write(json.dumps(figures._asdict()))


if __name__ == "__main__":
    main()
