"""How soon a business hears: dossiers one by one at an even rate, from intake's 202 to the first webhook about each.

The driver notes when each receipt was in its hands, the business simulator when each webhook came; both stand on one
machine with one clock. Where the time goes is read from the journals: each fact carries when it was stated.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Final

import aiohttp
import asyncpg
import orjson

from nsw_benchmarks.identity import Broker, Identity
from nsw_benchmarks.measurement import cpu_seconds, percentiles
from nsw_benchmarks.profile import Profile
from nsw_benchmarks.simulator_doors import SimulatorDoors, ask

RANKS: Final = (50, 99)
_MS: Final = 1000
_REGISTERED_SECONDS: Final = 30.0
_LATE_SECONDS: Final = 60.0  # after the last receipt, for what is still on its way
_POLL_SECONDS: Final = 0.1
_STAGES: Final = """
select j.key, j.type, min(j.recorded_at) as at from {schema}.journal j
where j.topic = any($1) and j.key = any($2) group by 1, 2
"""
_HOPS: Final = (
    ("intake", "intake", ("nsw.submissions.v1",), "vn.nsw.dossier.submitted.v1"),
    ("routing hears of it", "routing", None, "vn.nsw.dossier.routed.v1"),
    ("the agency has answered", "ministry_adapter", ("nsw.agency-results.v1",), "vn.nsw.dossier.accepted.v1"),
    ("routing says so", "routing", ("nsw.status.v1",), "vn.nsw.dossier.status-changed.v1"),
)


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """What to measure against which system.

    Attributes:
        services: base URL by service name.
        agencies_url: base URL of the agency simulator.
        businesses_url: base URL of the business simulator, as the notifier reaches it.
        database_url: Postgres as its owner, for where the time goes; empty: that is not asked.
        identity: as whom to call.
        pids: process id by name, for the CPU time of each.
        rate: dossiers a second.
        seconds: how long it is measured.
        warm_up: seconds before that, which do not count.
        businesses: how many file, each with a subscription to all of its events, one webhook each.
    """

    services: Mapping[str, str]
    agencies_url: str
    businesses_url: str
    database_url: str = ""
    identity: Identity | None = None
    pids: Mapping[str, int] | None = None
    rate: float = 200.0
    seconds: float = 30.0
    warm_up: float = 5.0
    businesses: int = 2_000


@dataclass(frozen=True, slots=True)
class LiveResult:
    """Milliseconds from a receipt to the first webhook about its dossier (`p50_ms`, `p99_ms`), and to the last.

    `door_ms` is from the request to the receipt; `stages_ms` the medians between facts on the way. `lost` dossiers were
    never heard of.
    """

    rate: float
    dossiers: int
    lost: int
    p50_ms: float
    p99_ms: float
    last_p50_ms: float
    last_p99_ms: float
    door_ms: Mapping[str, float]
    stages_ms: Mapping[str, float]
    cpu_ms_per_dossier: Mapping[str, float]

    def figures(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


async def live(options: LiveOptions) -> LiveResult:
    """File at an even rate and follow every dossier to its first and last webhook.

    Raises:
        aiohttp.ClientError: a service or simulator could not be reached, or refused.
    """
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        return await _Live(options, session).run()


class _Live:
    """One run's state."""

    def __init__(self, options: LiveOptions, session: aiohttp.ClientSession) -> None:
        self._options = options
        self._session = session
        self._simulators = SimulatorDoors(session, options.agencies_url, options.businesses_url)
        self._broker = Broker(session, options.identity)
        self._profile = Profile(7, options.businesses, "plain")
        self._receipts: dict[str, tuple[float, float]] = {}  # by number: when it was in hand, how long the door took

    async def run(self) -> LiveResult:
        options = self._options
        await self._simulators.reset()
        await self._broker.register(options.services["intake"], [one.tax_code for one in self._profile.businesses])
        await self._subscribe()
        await self._file(max(1, int(options.warm_up * options.rate)))
        await self._all_heard()
        await self._simulators.reset()
        self._receipts.clear()
        used = {name: cpu_seconds(pid) for name, pid in (options.pids or {}).items()}
        await self._file(max(1, int(options.seconds * options.rate)))
        await self._all_heard()
        spent = {
            name: (after - before) * _MS / len(self._receipts)
            for name, before in used.items()
            if before is not None and (after := cpu_seconds((options.pids or {})[name])) is not None
        }
        return await self._result(spent)

    async def _subscribe(self) -> None:
        lines = b"\n".join(
            orjson.dumps({"declarant": one.tax_code, "url": f"{self._options.businesses_url}/hooks/{one.tax_code}"})
            for one in self._profile.businesses
        )
        url = f"{self._options.services['notifier']}/v1/subscriptions"
        until = time.monotonic() + _REGISTERED_SECONDS
        while True:
            try:
                secrets_ = await ask(self._session, "POST", url, lines, await self._broker.headers())
                break
            except aiohttp.ClientResponseError as error:
                if error.status != 403 or time.monotonic() > until:
                    raise
                await asyncio.sleep(_POLL_SECONDS)  # the registrations are on their way to the notifier
        await self._simulators.learn(secrets_)

    async def _file(self, dossiers: int) -> None:
        """One request for each, at even times whatever the answers take."""
        run, headers = secrets.token_hex(6), await self._broker.headers()
        filings = list(self._profile.dossiers(dossiers))
        url = f"{self._options.services['intake']}/v1/dossiers"

        async def one(which: int, body: str) -> None:
            sent = headers | {"content-type": "application/json", "idempotency-key": f"{run}-{which}"}
            began = time.time()
            async with self._session.post(url, data=body.encode(), headers=sent, raise_for_status=True) as answer:
                receipt = orjson.loads(await answer.read())
            now = time.time()
            self._receipts[receipt["number"]] = (now, now - began)

        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for which, filing in enumerate(filings):
                if (early := began + which / self._options.rate - time.monotonic()) > 0:
                    await asyncio.sleep(early)
                group.create_task(one(which, filing.body))

    async def _all_heard(self) -> None:
        """Wait until every dossier's story has ended, or nothing comes any more."""
        until = time.monotonic() + _LATE_SECONDS
        while time.monotonic() < until:
            if (await self._simulators.summary("businesses"))["ended"] >= len(self._receipts):
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _result(self, spent: Mapping[str, float]) -> LiveResult:
        first: dict[str, float] = {}
        last: dict[str, float] = {}
        async for heard in self._simulators.seen("businesses"):
            first.setdefault(heard["number"], heard["at"])
            last[heard["number"]] = heard["at"]
        known = [number for number in self._receipts if number in first]
        soonest = percentiles(((first[n] - self._receipts[n][0]) * _MS for n in known), RANKS)
        latest = percentiles(((last[n] - self._receipts[n][0]) * _MS for n in known), RANKS)
        return LiveResult(
            rate=self._options.rate,
            dossiers=len(self._receipts),
            lost=len(self._receipts) - len(known),
            p50_ms=round(soonest.get("p50", 0.0), 1),
            p99_ms=round(soonest.get("p99", 0.0), 1),
            last_p50_ms=round(latest.get("p50", 0.0), 1),
            last_p99_ms=round(latest.get("p99", 0.0), 1),
            door_ms=_rounded(percentiles((took * _MS for _, took in self._receipts.values()), RANKS)),
            stages_ms=await self._stages(known, first),
            cpu_ms_per_dossier=_rounded({**spent, "all": sum(spent.values())}, 3),
        )

    async def _stages(self, numbers: Sequence[str], heard: Mapping[str, float]) -> dict[str, float]:
        """Median milliseconds from each fact on the way to the next, and from the last to the webhook."""
        if not self._options.database_url:
            return {}
        connection = await asyncpg.connect(self._options.database_url)
        try:
            at = [
                (name, await _stated(connection, schema, topics, kind, numbers)) for name, schema, topics, kind in _HOPS
            ]
        finally:
            await connection.close()
        at.append(("the business hears", dict(heard)))
        stages = {}
        for (_, before), (name, after) in pairwise(at):
            both = [(after[n] - before[n]) * _MS for n in numbers if n in before and n in after]
            stages[name] = round(percentiles(both, (50,)).get("p50", 0.0), 1)
        return stages


async def _stated(
    connection: asyncpg.Connection, schema: str, topics: Sequence[str] | None, kind: str, numbers: Sequence[str]
) -> dict[str, float]:
    """When the first fact of this type about each dossier was stated (epoch seconds)."""
    if topics is None:
        topics = [row[0] for row in await connection.fetch(f"select distinct topic from {schema}.stream_head")]  # noqa: S608
    rows = await connection.fetch(_STAGES.format(schema=schema), list(topics), list(numbers))
    return {row["key"]: row["at"].timestamp() for row in rows if row["type"] == kind}


def _rounded(values: Mapping[str, float], digits: int = 1) -> dict[str, float]:
    return {name: round(value, digits) for name, value in values.items()}
