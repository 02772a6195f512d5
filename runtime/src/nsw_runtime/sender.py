"""The sender: carries out intents, in order within a lane, and makes each result a fact.

A lane is one agency or one subscription: its own queue, its own pace, its own failures. At most one group of a lane's
intents is on its way; lanes go in parallel. What came of them is committed together with other lanes' results, facts
and all. On the wire this is at least once, with an id that stays the same, by which the other side drops repeats.
"""

import asyncio
import contextlib
import heapq
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeAlias

import asyncpg
from opentelemetry.trace import Span

from nsw_runtime import intents as store
from nsw_runtime import metrics
from nsw_runtime.clock import Clock, backoff
from nsw_runtime.crash import crash_point
from nsw_runtime.database import UNAVAILABLE, Connection, Pool
from nsw_runtime.group_commit import GroupCommit
from nsw_runtime.health import Health
from nsw_runtime.intents import Pending
from nsw_runtime.journal import Entry, Stated, append
from nsw_runtime.ownership import Ownership, group_of
from nsw_runtime.telemetry import fail

log = logging.getLogger(__name__)

SCAN_SECONDS: Final = 2.0  # backup to being told of new intents in process
SCAN_SHARE: Final = 0.02  # of the time, at most, goes into looking for lanes
LANES_AT_ONCE: Final = 64  # unless the service says otherwise
RESULTS_A_COMMIT: Final = 2000
GATHER_SECONDS: Final = 0.002


@dataclass(frozen=True, slots=True)
class Done:
    """Carried out; `facts` say what came of it."""

    facts: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Retry:
    """Not carried out, or not known to be; the lane waits and tries it again with the same id.

    `after` is in seconds; None: soon, and each time later, up to half a minute. `alone`: only this dossier waits in
    its lane, and the others go on.
    """

    reason: str
    after: float | None = None
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Dead:
    """Trying again cannot help: parked for an operator; later intents of this dossier in this lane wait behind it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """Not tried, which counts as no try: one before it in its lane or dossier failed, or the lane rests."""


Attempt: TypeAlias = Done | Retry | Dead | Held


def end_span(span: Span | None, attempt: Attempt) -> None:
    """End the span of an attempt, as failed unless it is done."""
    if span is None:
        return
    if isinstance(attempt, Done):
        span.end()
    else:
        fail(span, type(attempt).__name__.lower())


class Transport(Protocol):
    """How one service carries out its intents."""

    def most(self, lane: str) -> int:
        """How many intents of this lane may go at once; 0 where the lane is not served here."""
        ...

    def wait(self, lane: str) -> float:
        """Seconds to gather intents of this lane before a group goes."""
        ...

    async def send(self, lane: str, pending: Sequence[Pending]) -> Sequence[Attempt]:
        """Carry out intents of one lane, one dossier's in order; one attempt for each, in order. Never raises."""
        ...


Keep: TypeAlias = Callable[[Connection, Sequence[tuple[Pending, Attempt]]], Awaitable[Sequence[Entry]]]
"""What a service writes of its own in the transaction that commits what came of intents, and states beside it.

It is given no `Done` whose intent somebody else has removed."""


@dataclass(slots=True)
class _Lane:
    """A lane with something to send, or that may have: idle and in the queue once, or busy and not in it."""

    more: bool = False  # intents were added since its last group was read
    failures: int = 0


@dataclass(slots=True)
class _Finished:
    pending: Pending
    attempt: Attempt


class Sender:
    """Serves the lanes this process owns. `run` until cancelled; `tell` it of new intents after each commit."""

    def __init__(
        self,
        *,
        service: str,
        database_url: str,
        pool: Pool,
        transport: Transport,
        clock: Clock,
        health: Health,
        on_commit: Callable[[Sequence[Stated]], None],
        keep: Keep | None = None,
        lanes_at_once: int = LANES_AT_ONCE,
    ) -> None:
        self._keep = keep
        self._lanes_at_once = lanes_at_once
        self._pool = pool
        self._transport = transport
        self._clock = clock
        self._health = health
        self._on_commit = on_commit
        self._ownership = Ownership(database_url, service, "sender")
        self._lanes: dict[str, _Lane] = {}
        self._queue: list[tuple[float, str]] = []  # a heap of idle lanes by when they are due
        self._woken = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._commits = GroupCommit(self._commit, gather_seconds=self._gather, most=RESULTS_A_COMMIT)

    def tell(self, lanes: Collection[str]) -> None:
        """Intents were added in these lanes."""
        for name in lanes:
            lane = self._lanes.get(name)
            if lane is None:
                self._lanes[name] = _Lane()
                self._enqueue(name, self._transport.wait(name))
            else:
                lane.more = True
        self._woken.set()

    def hurry(self, name: str) -> None:
        """Whatever this lane waits for, it is due now."""
        if any(name == queued for _, queued in self._queue):
            self._queue = [(0.0 if name == queued else due, queued) for due, queued in self._queue]
            heapq.heapify(self._queue)
            self._woken.set()
        else:
            self.tell([name])

    def owns(self, name: str) -> bool:
        """Whether this process, and no other, serves the lane now."""
        return group_of(name) in self._ownership.groups

    async def run(self) -> None:
        """Serve until cancelled; then waits for what is on its way. Never raises but on cancellation."""
        failures, next_scan = 0, 0.0
        try:
            while True:
                try:
                    if (began := time.monotonic()) >= next_scan:
                        await self._ownership.claim()
                        async with self._pool.acquire() as connection:
                            self.tell(await store.lanes(connection))
                        took = time.monotonic() - began
                        next_scan = began + max(SCAN_SECONDS, took / SCAN_SHARE)
                    await self._start_due()
                except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                    if self._health.bad("sender", f"{type(error).__name__}: {error}"):
                        log.warning("sender waits", extra={"cause": f"{type(error).__name__}: {error}"})
                    await self._ownership.release()
                    next_scan = 0.0
                    await asyncio.sleep(backoff(failures, longest=3.0))
                    failures += 1
                    continue
                failures = 0
                self._health.good("sender")
                await self._rest(next_scan)
        finally:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=10)
            await self._ownership.release()

    def _gather(self) -> float:
        """Results wait a moment for those of the other lanes that are on their way."""
        return GATHER_SECONDS if len(self._tasks) > 1 else 0.0

    def _enqueue(self, name: str, seconds: float) -> None:
        heapq.heappush(self._queue, (time.monotonic() + seconds, name))

    async def _rest(self, next_scan: float) -> None:
        room = len(self._tasks) < self._lanes_at_once
        until = min(next_scan, self._queue[0][0]) if room and self._queue else next_scan
        # Not `wait_for`: before Python 3.12 it loses a cancellation that comes together with what it waits for.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(until - time.monotonic()):
                await self._woken.wait()
        self._woken.clear()

    async def _start_due(self) -> None:
        now = time.monotonic()
        ready: dict[str, int] = {}
        while self._queue and self._queue[0][0] <= now and len(ready) + len(self._tasks) < self._lanes_at_once:
            _, name = heapq.heappop(self._queue)
            most = self._transport.most(name) if self.owns(name) else 0
            if most:
                ready[name] = most
                self._lanes[name].more = False
            else:
                del self._lanes[name]
        if not ready:
            return
        try:
            async with self._pool.acquire() as connection:
                due = await store.due(connection, ready, self._clock())
        except BaseException:
            for name in ready:
                self._enqueue(name, 0)
            raise
        for name, most in ready.items():
            lane = self._lanes[name]
            if name in due:
                lane.more |= len(due[name]) == most
                task = asyncio.create_task(self._serve(name, due[name]))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            elif lane.more:
                self._enqueue(name, self._transport.wait(name))
            else:
                del self._lanes[name]

    async def _serve(self, name: str, pending: Sequence[Pending]) -> None:
        """Send one group of a lane and have its results committed; says when the lane is next due."""
        lane = self._lanes[name]
        full = lane.more
        try:
            crash_point("sender.request.before")
            attempts = await self._transport.send(name, pending)
            crash_point("sender.request.after")
            await self._commits.submit([_Finished(*pair) for pair in zip(pending, attempts, strict=True)])
        except Exception as error:  # noqa: BLE001  # a fault in one lane must not end the others; the intents stay
            cause = f"{type(error).__name__}: {error}"
            attempts = [Retry(cause)]
            log.warning("results not committed; the lane goes again", extra={"lane": name, "cause": cause})
        retries = [attempt for attempt in attempts if isinstance(attempt, Retry) and not attempt.alone]
        if retries or all(isinstance(attempt, Held) for attempt in attempts):
            said = [retry.after for retry in retries if retry.after is not None]
            self._enqueue(name, max(said) if said else backoff(lane.failures))
            lane.failures += 1
        elif lane.more or any(isinstance(attempt, Held) for attempt in attempts):
            self._enqueue(name, 0 if full else self._transport.wait(name))
            lane.failures = 0
        else:
            del self._lanes[name]
        self._woken.set()

    async def _commit(self, finished: Sequence[_Finished]) -> Sequence[None]:
        done = [item for item in finished if isinstance(item.attempt, Done)]
        now = self._clock()
        failures = [
            store.Failure(
                item.pending.lane, item.pending.seq, item.attempt.reason[:500],
                isinstance(item.attempt, Dead), _due_at(item.attempt, now),
            )
            for item in finished
            if isinstance(item.attempt, (Retry, Dead))
        ]  # fmt: skip
        async with self._pool.acquire() as connection, connection.transaction():
            removed = await store.done(connection, sorted(map(_place, done))) if done else set()
            if failures:
                await store.failed(connection, failures)
            # A lane whose owner changed may be sent twice; its result is stated by whoever removes the intent.
            settled = [i for i in finished if not isinstance(i.attempt, Done) or _place(i) in removed]
            facts = [fact for item in settled for fact in _facts(item)]
            if self._keep is not None:
                facts += await self._keep(connection, [(item.pending, item.attempt) for item in settled])
            stated = await append(connection, facts, now)
        crash_point("sender.transaction.after")
        for outcome in (Done, Retry, Dead, Held):
            metrics.SENT.labels(outcome.__name__.lower()).inc(sum(isinstance(i.attempt, outcome) for i in finished))
        for item in finished:
            if isinstance(item.attempt, Dead):
                parked = {
                    "lane": item.pending.lane,
                    "dossier": item.pending.dossier,
                    "reason": item.attempt.reason,
                }
                log.error("intent parked; see `nsw parked list`", extra=parked)
        self._on_commit(stated)
        return [None] * len(finished)


def _place(item: _Finished) -> tuple[str, int]:
    return item.pending.lane, item.pending.seq


def _due_at(attempt: Attempt, now: datetime) -> datetime | None:
    """Until when a dossier waits by itself; None: it waits with its lane."""
    if not (isinstance(attempt, Retry) and attempt.alone):
        return None
    return now + timedelta(seconds=attempt.after or 0.0)


def _facts(item: _Finished) -> Sequence[Entry]:
    return item.attempt.facts if isinstance(item.attempt, Done) else ()
