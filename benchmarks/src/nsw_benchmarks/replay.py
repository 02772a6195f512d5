"""The country's replay: businesses subscribe, file, and hear back; then the judge says what was kept.

Nothing here trusts the system under test: a dossier counts once it is acknowledged, and is done once the
simulators have seen everything due for it.
"""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import aiohttp
import orjson

from nsw_benchmarks.businesses import NATIONAL_BUSINESSES, Business
from nsw_benchmarks.decisions import expected_changes
from nsw_benchmarks.judge import Acknowledged, Delivery, Judge, Notice, Verdict
from nsw_benchmarks.measurement import counted_since, cpu_seconds, facts_by_service, peak_rss_mb, percentiles
from nsw_benchmarks.profile import Profile
from nsw_benchmarks.submission import Receipt, Submitter

OnProgress = Callable[[str, int, int], None]
"""Called with a phase (`subscribe`, `submit`, `deliver`, `judge`), how much is done, and of how much."""

_SUBSCRIPTIONS_PER_REQUEST = 5_000
_SEEN_PER_PAGE = 100_000
_POLL_SECONDS = 0.2
_SETTLE_SECONDS = 1.0  # after the last expected event, so long nothing more may come: late repeats would
_MS = 1000
_NDJSON = {"content-type": "application/x-ndjson"}
_Side = Literal["agencies", "businesses"]


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


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What the country's dossiers went through.

    `seconds` run from the first submission to the last expected webhook, `latency_ms` (p50, p99) from a
    dossier's receipt to its last expected webhook; `facts` are those the services journaled meanwhile, `cpu_seconds`
    what each process and its children used until the judge had heard everything.
    """

    dossiers: int
    seconds: float
    dossiers_per_second: float
    facts: int
    lost: int
    repeated: int
    out_of_order: int
    latency_ms: Mapping[str, float]
    peak_rss_mb: Mapping[str, float | None]
    cpu_seconds: Mapping[str, float | None]
    wire_repeats: int
    unexpected: int
    bad_signatures: int
    by_agency: Mapping[str, int]
    examples: tuple[str, ...]

    def figures(self) -> dict[str, Any]:
        """The result as a JSON object, without the counts by agency and the examples."""
        figures = asdict(self)
        del figures["by_agency"], figures["examples"]
        return figures


async def replay(options: ReplayOptions, on_progress: OnProgress) -> ReplayResult:
    """File `options.dossiers` dossiers and follow each to its end.

    Raises:
        SubmissionError: the window refused a dossier or stopped answering.
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
        self._profile = Profile(options.seed, options.businesses)
        self._receipts: list[Receipt] = []

    async def run(self) -> ReplayResult:
        options = self._options
        for url in (options.agencies_url, options.businesses_url):
            await self._ask("POST", f"{url}/reset")
        await self._subscribe()
        facts = await facts_by_service(self._session, options.services)
        used = {name: cpu_seconds(pid) for name, pid in options.pids.items()}
        started = time.time()
        await self._submit()
        verdict, last_heard = await self._follow()
        last_receipt = max((receipt.at for receipt in self._receipts), default=started)
        ended = max(last_heard.values(), default=last_receipt)
        facts_since = counted_since(facts, await facts_by_service(self._session, options.services))
        latencies = (
            max(0.0, last_heard[receipt.number] - receipt.at) * _MS
            for receipt in self._receipts
            if receipt.number in last_heard
        )
        return ReplayResult(
            dossiers=len(self._receipts),
            seconds=round(ended - started, 3),
            dossiers_per_second=round(len(self._receipts) / max(ended - started, 0.001), 1),
            facts=facts_since,
            lost=verdict.lost,
            repeated=verdict.repeated,
            out_of_order=verdict.out_of_order,
            latency_ms={name: round(value, 1) for name, value in percentiles(latencies, (50, 99)).items()},
            peak_rss_mb={name: peak_rss_mb(pid) for name, pid in options.pids.items()},
            cpu_seconds={name: _spent(used[name], cpu_seconds(pid)) for name, pid in options.pids.items()},
            wire_repeats=verdict.wire_repeats,
            unexpected=verdict.unexpected,
            bad_signatures=verdict.bad_signatures,
            by_agency=dict(Counter(receipt.agency for receipt in self._receipts)),
            examples=verdict.examples,
        )

    async def _subscribe(self) -> None:
        everyone = self._profile.businesses
        for start in range(0, len(everyone), _SUBSCRIPTIONS_PER_REQUEST):
            self._on_progress("subscribe", start, len(everyone))
            some = everyone[start : start + _SUBSCRIPTIONS_PER_REQUEST]
            lines = b"\n".join(orjson.dumps(_subscription(business, self._options.businesses_url)) for business in some)
            answer = await self._ask("POST", f"{self._options.services['notifier']}/v1/subscriptions", lines)
            await self._ask("PUT", f"{self._options.businesses_url}/secrets", answer)
        self._on_progress("subscribe", len(everyone), len(everyone))

    async def _submit(self) -> None:
        options = self._options

        def note(receipts: list[Receipt]) -> None:
            self._receipts += receipts
            self._on_progress("submit", len(self._receipts), options.dossiers)

        submitter = Submitter(self._session, options.services["intake"], options.run_id, options.stall_seconds)
        await submitter.file(self._profile.dossiers(options.dossiers), options.rate, note)

    async def _follow(self) -> tuple[Verdict, dict[str, float]]:
        """Wait until all that is due has come, or nothing comes any more; then judge."""
        due = sum(
            len(expected_changes(receipt.number, every_change=receipt.business.large)) for receipt in self._receipts
        )
        seen, changed_at = None, time.monotonic()
        while True:
            agencies, businesses = await self._summary("agencies"), await self._summary("businesses")
            if seen != (agencies, businesses):
                seen, changed_at = (agencies, businesses), time.monotonic()
            self._on_progress("deliver", min(businesses["events"], due), due)
            quiet = time.monotonic() - changed_at
            complete = agencies["messages"] >= len(self._receipts) and businesses["events"] >= due
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
        judge = Judge(
            Acknowledged(number, agency, business.tax_code, business.large)
            for number, agency, business, _ in self._receipts
        )
        async for arrival in self._seen("agencies"):
            judge.delivered(Delivery(arrival["number"], arrival["message_id"], arrival["agency"], arrival["copies"]))
        last_heard: dict[str, float] = {}
        async for arrival in self._seen("businesses"):
            notice = Notice(
                number=arrival["number"],
                revision=arrival["revision"],
                status=arrival["status"],
                event_id=arrival["event_id"],
                declarant=arrival["declarant"],
                copies=arrival["copies"],
            )
            if judge.notified(notice):
                last_heard[notice.number] = arrival["at"]
        return judge.verdict(bad_signatures), last_heard

    async def _seen(self, side: _Side) -> AsyncIterator[dict[str, Any]]:
        offset = 0
        while True:
            page = await self._ask("GET", f"{self._simulator(side)}/seen?offset={offset}&limit={_SEEN_PER_PAGE}")
            if not page:
                return
            for line in page.splitlines():
                offset += 1
                yield orjson.loads(line)

    async def _summary(self, side: _Side) -> dict[str, Any]:
        summary: dict[str, Any] = orjson.loads(await self._ask("GET", f"{self._simulator(side)}/summary"))
        return summary

    def _simulator(self, side: _Side) -> str:
        return self._options.agencies_url if side == "agencies" else self._options.businesses_url

    async def _ask(self, method: str, url: str, body: bytes | None = None) -> bytes:
        async with self._session.request(
            method, url, data=body, headers=_NDJSON if body is not None else None, raise_for_status=True
        ) as answer:
            return await answer.read()


def _spent(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else round(after - before, 2)


def _subscription(business: Business, businesses_url: str) -> dict[str, str]:
    return {
        "declarant": business.tax_code,
        "url": f"{businesses_url}/hooks/{business.tax_code}",
        "delivery": "batch" if business.large else "single",
        "events": "all" if business.large else "results",
    }
