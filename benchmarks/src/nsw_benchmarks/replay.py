"""The country's replay: businesses subscribe, file, act and hear back; then the judge says what was kept.

Nothing here trusts the system under test: a dossier counts once it is acknowledged, and is done once the
simulators have seen everything due for it.
"""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NamedTuple

import aiohttp
import orjson

from nsw_benchmarks.bulk_door import BulkDoor
from nsw_benchmarks.businesses import NATIONAL_BUSINESSES, Business
from nsw_benchmarks.clerk import Clerk
from nsw_benchmarks.filing_pieces import Route
from nsw_benchmarks.identity import Broker, Identity
from nsw_benchmarks.judge import Judge, Verdict
from nsw_benchmarks.measurement import counted_since, cpu_seconds, facts_by_service, peak_rss_mb, percentiles
from nsw_benchmarks.owed import Acknowledged, Delivery, Notice
from nsw_benchmarks.profile import Profile
from nsw_benchmarks.replay_result import ReplayResult
from nsw_benchmarks.simulator_doors import SimulatorDoors, ask
from nsw_benchmarks.stories import Mix, Story, story
from nsw_benchmarks.submission import Receipt, submit

__all__ = ["OnProgress", "ReplayOptions", "ReplayResult", "replay"]

OnProgress = Callable[[str, int, int], None]
"""Called with a phase (`subscribe`, `submit`, `deliver`, `judge`), how much is done, and of how much."""

_SUBSCRIPTIONS_PER_REQUEST = 5_000
_POLL_SECONDS = 0.2
_SETTLE_SECONDS = 1.0  # after the last expected event, so long nothing more may come: late repeats would
_MS = 1000


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What to replay against which system.

    Attributes:
        services: base URL by service name, `intake` and `notifier` among them; each has `/metrics`.
        agencies_url: base URL of the agency simulator.
        businesses_url: base URL of the business simulator, as the notifier reaches it.
        dossiers: how many to file.
        pids: process id by name, for `peak_rss_mb` and `cpu_seconds`.
        rate: dossiers a second; None: as fast as the window takes them.
        seed: of the profile.
        businesses: how many subscribe and file.
        stall_seconds: so long without any progress, what is missing is lost.
        run_id: begins every idempotency key; a run repeated with the same one files nothing new.
        mix: by which stories dossiers go.
        identity: as whom it calls; None: the window asks nobody who they are.
    """

    services: Mapping[str, str]
    agencies_url: str
    businesses_url: str
    dossiers: int
    pids: Mapping[str, int] = field(default_factory=dict)
    rate: float | None = None
    seed: int = 1
    businesses: int = NATIONAL_BUSINESSES
    stall_seconds: float = 120.0
    run_id: str = field(default_factory=lambda: secrets.token_hex(6))
    mix: Mix = "full"
    identity: Identity | None = None


class _Filed(NamedTuple):
    """An acknowledged dossier, without its content."""

    number: str
    route: Route
    business: Business
    story: Story
    at: float


async def replay(options: ReplayOptions, on_progress: OnProgress) -> ReplayResult:
    """File `options.dossiers` dossiers and follow each to its end.

    Raises:
        SubmissionError: the window refused a dossier or command, or stopped answering.
        aiohttp.ClientError: a service or simulator could not be reached for anything else.
    """
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        return await _Replay(options, on_progress, session).run()


class _Replay:
    """One run's state."""

    def __init__(self, options: ReplayOptions, on_progress: OnProgress, session: aiohttp.ClientSession) -> None:
        self._options = options
        self._on_progress = on_progress
        self._session = session
        self._simulators = SimulatorDoors(session, options.agencies_url, options.businesses_url)
        self._profile = Profile(options.seed, options.businesses, options.mix)
        self._broker = Broker(session, options.identity)
        self._door = BulkDoor(session, options.services["intake"], options.stall_seconds, self._broker.headers)
        self._clerk = Clerk(self._door, self._simulators, options.run_id, options.mix)
        self._filed: list[_Filed] = []

    async def run(self) -> ReplayResult:
        options = self._options
        await self._simulators.reset()
        await self._simulators.go_by(options.mix)
        await self._broker.register(
            options.services["intake"], [business.tax_code for business in self._profile.businesses]
        )
        await self._subscribe()
        facts = await facts_by_service(self._session, options.services)
        used = {name: cpu_seconds(pid) for name, pid in options.pids.items()}
        started = time.time()
        verdict, last_heard = await self._file_and_follow()
        await self._simulators.go_by("plain")  # nobody acts for businesses any more
        last_receipt = max((filed.at for filed in self._filed), default=started)
        ended = max(last_heard.values(), default=last_receipt)
        facts_since = counted_since(facts, await facts_by_service(self._session, options.services))
        by_agency: dict[str, Counter[str]] = {}
        for filed in self._filed:
            by_agency.setdefault(filed.route.agencies[0], Counter())[filed.story.name] += 1
        return ReplayResult(
            mix=options.mix,
            dossiers=len(self._filed),
            seconds=round(ended - started, 3),
            dossiers_per_second=round(len(self._filed) / max(ended - started, 0.001), 1),
            facts=facts_since,
            lost=verdict.lost,
            repeated=verdict.repeated,
            out_of_order=verdict.out_of_order,
            latency_ms=self._latencies(last_heard, of_all=False),
            latency_all_ms=self._latencies(last_heard, of_all=True),
            peak_rss_mb={name: peak_rss_mb(pid) for name, pid in options.pids.items()},
            cpu_seconds={name: _spent(used[name], cpu_seconds(pid)) for name, pid in options.pids.items()},
            wire_repeats=verdict.wire_repeats,
            unexpected=verdict.unexpected,
            bad_signatures=verdict.bad_signatures,
            commands=dict(self._clerk.done.items()),
            by_agency={agency: dict(stories) for agency, stories in by_agency.items()},
            examples=verdict.examples,
        )

    def _latencies(self, last_heard: Mapping[str, float], *, of_all: bool) -> dict[str, float]:
        latencies = (
            max(0.0, last_heard[filed.number] - filed.at) * _MS
            for filed in self._filed
            if filed.number in last_heard and (of_all or filed.story.command is None)
        )
        return {name: round(value, 1) for name, value in percentiles(latencies, (50, 99)).items()}

    async def _subscribe(self) -> None:
        everyone = self._profile.businesses
        for start in range(0, len(everyone), _SUBSCRIPTIONS_PER_REQUEST):
            self._on_progress("subscribe", start, len(everyone))
            some = everyone[start : start + _SUBSCRIPTIONS_PER_REQUEST]
            lines = b"\n".join(orjson.dumps(_subscription(business, self._options.businesses_url)) for business in some)
            url = f"{self._options.services['notifier']}/v1/subscriptions"
            await self._simulators.learn(await self._until_registered(url, lines))
        self._on_progress("subscribe", len(everyone), len(everyone))

    async def _until_registered(self, url: str, lines: bytes) -> bytes:
        """The notifier's answer, once it has heard from intake for whom the replay may act."""
        patience = time.monotonic() + self._options.stall_seconds
        while True:
            try:
                return await ask(self._session, "POST", url, lines, await self._broker.headers())
            except aiohttp.ClientResponseError as error:
                if error.status != HTTPStatus.FORBIDDEN or time.monotonic() > patience:
                    raise
            await asyncio.sleep(_POLL_SECONDS)

    async def _file_and_follow(self) -> tuple[Verdict, dict[str, float]]:
        options = self._options

        def note(receipts: list[Receipt]) -> None:
            for number, filing, at in receipts:
                told = story(number, filing.business.tax_code, options.mix)
                self._clerk.note(number, filing, told)
                self._filed.append(_Filed(number, filing.route, filing.business, told, at))
            self._on_progress("submit", len(self._filed), options.dossiers)

        try:
            async with asyncio.TaskGroup() as group:
                clerk = group.create_task(self._clerk.work())
                filings = self._profile.dossiers(options.dossiers)
                await submit(self._door, options.run_id, filings, options.rate, note)
                found = await self._follow()
                clerk.cancel()
        except ExceptionGroup as failed:
            # One task's failure cancels the others: it is the whole story.
            raise failed.exceptions[0] from None
        return found

    async def _follow(self) -> tuple[Verdict, dict[str, float]]:
        """Wait until all that is due has come, or nothing comes any more; then judge."""
        due = Counter(what for filed in self._filed for what in filed.story.told)
        due["submitted"] = sum(len(filed.route.agencies) for filed in self._filed)
        seen, changed_at = None, time.monotonic()
        while True:
            agencies = await self._simulators.summary("agencies")
            businesses = await self._simulators.summary("businesses")
            if seen != (agencies, businesses):
                seen, changed_at = (agencies, businesses), time.monotonic()
            ended, told = businesses["ended"], agencies["by_what"]
            self._on_progress("deliver", min(ended, len(self._filed)), len(self._filed))
            quiet = time.monotonic() - changed_at
            complete = ended >= len(self._filed) and all(told.get(what, 0) >= count for what, count in due.items())
            if quiet >= (_SETTLE_SECONDS if complete else self._options.stall_seconds):
                self._on_progress("judge", 0, 1)
                verdict, last_heard = await self._judge(businesses["bad_signatures"])
                # Strays can make the counts look complete: then what is due gets its time too.
                if not verdict.lost or quiet >= self._options.stall_seconds:
                    self._on_progress("judge", 1, 1)
                    return verdict, last_heard
            await asyncio.sleep(_POLL_SECONDS)

    async def _judge(self, bad_signatures: int) -> tuple[Verdict, dict[str, float]]:
        """The verdict, and when each dossier was last heard of by its declarant (epoch seconds)."""
        judge = Judge((_acknowledged(filed) for filed in self._filed), self._options.mix)
        async for arrival in self._simulators.seen("agencies"):
            judge.delivered(Delivery(**{name: arrival[name] for name in Delivery._fields}))
        last_heard: dict[str, float] = {}
        async for arrival in self._simulators.seen("businesses"):
            notice = Notice(**{name: arrival[name] for name in Notice._fields})
            if judge.notified(notice):
                last_heard[notice.number] = arrival["at"]
        return judge.verdict(bad_signatures), last_heard


def _acknowledged(filed: _Filed) -> Acknowledged:
    _, agencies, inspected = filed.route
    return Acknowledged(filed.number, agencies, filed.business.tax_code, filed.business.large, inspected=inspected)


def _spent(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else round(after - before, 2)


def _subscription(business: Business, businesses_url: str) -> dict[str, str]:
    return {
        "declarant": business.tax_code,
        "url": f"{businesses_url}/hooks/{business.tax_code}",
        "delivery": "batch" if business.large else "single",
        "events": "all" if business.large else "results",
    }
