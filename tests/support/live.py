"""The running system: real Kafka, Postgres and service processes, which tests break, mend and judge.

One for the whole session. A test gets it whole and quiet, and `mend` puts right what the test before left broken.
"""

import asyncio
import json
import signal
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
from multidict import CIMultiDict
from nsw_benchmarks.identity import Identity, Tokens
from nsw_benchmarks.replay import ReplayOptions, ReplayResult, replay
from nsw_benchmarks.stories import story
from nsw_cli.services import PACKAGES
from nsw_cli.system import BROKER, OPERATOR, System
from nsw_contracts.topics import Service
from nsw_local import Process, Stack
from nsw_procedures.example import BUSINESS as EXAMPLE

from support import streams
from support.dossiers import BUSINESSES
from support.groups import send_away
from support.polling import until

READY_SECONDS = 90.0
DRAIN_SECONDS = 90.0
REPLAYED_BUSINESSES = 300
Fault = Callable[[], Awaitable[Any]]

SETTINGS = {"NSW_BATCH_WAIT_SECONDS": "0.2"}
"""What services are told here besides where things are: batches to businesses gather shorter than in production."""


class Live:
    """A system on a stack; its methods may be used once `start` has returned."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession, **settings: str) -> None:
        self.stack = stack
        self.system = System.on(stack, **SETTINGS, **settings)
        self.http = session
        self.tokens = Tokens(session, self.system.issuer_url)
        self._registered: set[tuple[str, str, str]] = set()
        self._clients: list[str] = []
        self._registering = asyncio.Lock()
        self._told: dict[str, Mapping[str, str]] = {}

    # --- processes ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Install everything and start every process."""
        await self.install()
        await self.mend()
        await self.register(EXAMPLE.tax_code, *(business.tax_code for business in BUSINESSES))

    async def install(self) -> None:
        """Bring schemas, roles and topics to what they should be."""
        command = self.system.install()
        await asyncio.to_thread(self.stack.run, command.name, command.argv, command.env, seconds=command.seconds)

    async def mend(self) -> None:
        """Put right what a test left: servers up, every process running as it should, the streams drained."""
        await asyncio.to_thread(self.stack.start_kafka)
        await asyncio.to_thread(self.stack.start_postgres)
        beside = [self.system.issuer(), *self.system.simulators()]
        for simulator in beside:
            if not self.stack.running(simulator.name):
                await self._start(simulator)
        for service in PACKAGES:
            if not self.stack.running(service) or self._told.get(service) != {}:
                await self.stop(service)
                await self.begin(service)
        for simulator in beside:
            await until(lambda url=simulator.ready_url: self._ok(url), simulator.name, seconds=READY_SECONDS)
        await self.all_ready()
        await self.drained()

    async def begin(self, service: Service, *, restart: bool = True, name: str = "", **env: str) -> None:
        """Start a service's process; `env` is added to what it is told. Does not wait for it."""
        process = self.system.service(service, **env)
        self._told[name or service] = env
        await self._start(process, name=name, restart=restart)

    async def run(self, service: Service, argv: list[str], **env: str) -> None:
        """Start another program in a service's place, told what the service is told."""
        process = self.system.service(service, **env)
        self._told[service] = {"program": argv[-1]}
        await self._start(Process(service, argv, process.env), restart=False)

    async def _start(self, process: Process, *, name: str = "", restart: bool = True) -> None:
        start = self.stack.start_process
        await asyncio.to_thread(start, name or process.name, process.argv, process.env, restart=restart)

    async def kill(self, name: str) -> None:
        """SIGKILL, and no restart."""
        await asyncio.to_thread(self.stack.processes.stop, name, number=signal.SIGKILL)

    async def stop(self, name: str) -> int | None:
        """SIGTERM, and no restart; the exit code, None where it did not run."""
        if not self.stack.running(name):
            return None
        await asyncio.to_thread(self.stack.stop_process, name)
        return self.stack.wait_exit(name, 1)

    async def died(self, name: str, *, seconds: float = 60.0) -> int:
        """Wait for the process's own end; its exit code, negative: the signal."""
        return await asyncio.to_thread(self.stack.wait_exit, name, seconds)

    # --- looking at it -----------------------------------------------------------------------------------------------

    @property
    def intake(self) -> str:
        return self.system.services["intake"]

    async def headers(self, subject: str = BROKER) -> dict[str, str]:
        """The header by which services know a subject of the development issuer."""
        return await self.tokens.headers(subject)

    async def token(self, subject: str = BROKER) -> str:
        """A subject's token."""
        return (await self.headers(subject))["authorization"].removeprefix("Bearer ")

    def acts_for(self, tax_code: str) -> None:
        """From the next request on the broker, as whom tests call, acts for this business too."""
        self._clients.append(tax_code)

    async def register(self, *parties: str, subject: str = BROKER, role: str = "declarant") -> None:
        """Have an operator register a subject for parties; at once known to intake, to others soon."""
        new = [party for party in parties if (subject, role, party) not in self._registered]
        if not new:
            return
        line = {"issuer": self.system.issuer_url, "subject": subject, "role": role}
        status, said = await self._ask(
            "POST", f"{self.intake}/v1/registrations", caller=OPERATOR,
            data="\n".join(json.dumps(line | {"party": party}) for party in new),
            headers={"content-type": "application/x-ndjson"},
        )  # fmt: skip
        assert status == 200, said
        self._registered |= {(subject, role, party) for party in new}

    async def ask(self, method: str, url: str, *, caller: str | None = BROKER, **options: Any) -> tuple[int, Any]:
        """Status and JSON (or text) of one request; to a service as this subject, or as nobody."""
        async with self._registering:  # nobody asks for a business whose registration another has only begun
            clients = self._clients[:]
            await self.register(*clients)
            del self._clients[: len(clients)]  # not before: what could not be asked is asked again
        return await self._ask(method, url, caller=caller, **options)

    async def _ask(self, method: str, url: str, *, caller: str | None, **options: Any) -> tuple[int, Any]:
        if caller is not None and url.startswith(tuple(self.system.services.values())):
            headers = options["headers"] = CIMultiDict(options.get("headers") or {})
            for name, value in (await self.headers(caller)).items():
                headers.setdefault(name, value)
        async with self.http.request(method, url, **options) as answer:
            if "json" in answer.headers.get("content-type", "") and "ndjson" not in answer.headers["content-type"]:
                return answer.status, await answer.json(content_type=None)
            return answer.status, await answer.text()

    async def ask_once_registered(self, method: str, url: str, **options: Any) -> tuple[int, Any]:
        """The first answer that is not 403: services hear of registrations from intake, within a second or two."""

        async def heard() -> tuple[int, Any] | None:
            answer = await self.ask(method, url, **options)
            return None if answer[0] == HTTPStatus.FORBIDDEN else answer

        found: tuple[int, Any] = await until(heard, f"{url} to know who calls", seconds=15)
        return found

    async def readiness(self, service: Service) -> tuple[int, dict[str, str]]:
        """The status of `/readyz` and the conditions against readiness; 0 where nobody answers."""
        try:
            status, said = await self.ask("GET", f"{self.system.services[service]}/readyz")
        except (aiohttp.ClientError, TimeoutError):
            return 0, {}
        return status, said["against"]

    async def ready(self, service: Service, *, seconds: float = READY_SECONDS) -> None:
        """Wait until a service says that it is ready."""

        async def condition() -> bool:
            return (await self.readiness(service))[0] == 200

        try:
            await until(condition, f"{service} to be ready", seconds=seconds)
        except AssertionError as error:
            raise AssertionError(
                f"{error}: {await self.readiness(service)}\n{self.stack.processes.tail(service)}"
            ) from None

    async def all_ready(self) -> None:
        """Wait until every service is."""
        for service in PACKAGES:
            await self.ready(service)

    async def answers(self, port: int) -> bool:
        """Whether a process that was given this port says that it is ready."""
        return await self._ok(f"http://127.0.0.1:{port}/readyz")

    async def _ok(self, url: str) -> bool:
        try:
            return (await self.ask("GET", url))[0] == 200
        except aiohttp.ClientError:
            return False

    @asynccontextmanager
    async def owner(self) -> Any:
        """A connection as the database's owner, who may look into every schema."""
        connection = await asyncpg.connect(self.stack.database_url)
        try:
            yield connection
        finally:
            await connection.close()

    async def drained(self, *, seconds: float = DRAIN_SECONDS) -> None:
        """Wait until every stream is whole, from journal to consumer (J6), in bounded time (J5)."""
        async with self.owner() as owner:
            found: list[str] = []

            async def condition() -> bool:
                found[:] = await streams.troubles(owner)
                return not found

            try:
                await until(condition, "the streams to drain", seconds=seconds)
            except AssertionError as error:
                raise AssertionError(f"{error}; {len(found)} troubles, such as {found[:5]}") from None

    async def empty_groups(self, groups: list[str]) -> None:
        """Send the dead processes' static members away, so that their groups are empty at once."""
        for group in groups:
            assert await send_away(self.stack.kafka_bootstrap, group, "0") == 0, group

    # --- judging it --------------------------------------------------------------------------------------------------

    async def replay(
        self,
        dossiers: int,
        fault: Fault | None = None,
        *,
        rate: float | None = None,
        seed: int = 1,
        stall_seconds: float = 60.0,
        drain: bool = True,
    ) -> ReplayResult:
        """File dossiers, break something once the first have receipts, wait until all has drained, and judge.

        The replay has a thread and a loop of its own; its judging is held until `fault` has returned, every service is
        ready and every stream is whole, so that late effects are judged too.
        """
        loop = asyncio.get_running_loop()
        begun, submitted, mended = asyncio.Event(), asyncio.Event(), threading.Event()

        def on_progress(phase: str, _done: int, _total: int) -> None:
            if phase == "submit":
                loop.call_soon_threadsafe(begun.set)
            elif phase == "deliver":
                loop.call_soon_threadsafe(submitted.set)
            elif phase == "judge":
                mended.wait(300)

        run_id = uuid4().hex[:12]
        options = ReplayOptions(
            services=self.system.services,
            agencies_url=self.system.agencies_url,
            businesses_url=self.system.businesses_url,
            dossiers=dossiers,
            rate=rate,
            seed=seed,
            businesses=REPLAYED_BUSINESSES,
            stall_seconds=stall_seconds,
            run_id=run_id,
            identity=Identity(self.system.issuer_url, BROKER, OPERATOR),
        )
        running = asyncio.create_task(asyncio.to_thread(lambda: asyncio.run(replay(options, on_progress))))
        running.add_done_callback(lambda _: (begun.set(), submitted.set()))
        try:
            await begun.wait()
            if fault is not None and not running.done():
                await fault()
            await submitted.wait()
            if drain and not running.done():
                await self.all_ready()
                await self.drained()
        except BaseException:
            mended.set()
            await asyncio.gather(self.mend(), running, return_exceptions=True)  # or it would go on into the next test
            raise
        mended.set()
        result = await running
        return result if not drain else await self._with_states(result, run_id)

    async def _with_states(self, result: ReplayResult, run_id: str) -> ReplayResult:
        """J1, beside what the simulators saw: every acknowledged dossier stands where it should, in every service."""
        async with self.owner() as owner:
            rows = await owner.fetch(
                "select d.number, d.declarant, c.status, "
                "(select status from intake.timeline t where t.number = d.number order by revision desc limit 1) "
                "as shown from intake.dossier d left join routing.dossier_case c using (number) "
                "where d.idempotency_key like $1 || '-%'",
                run_id,
            )
        assert len(rows) == result.dossiers, "as many dossiers are held as were acknowledged"
        for row in rows:
            ends = story(row["number"], row["declarant"], result.mix).ends
            assert (row["status"], row["shown"]) == (ends, ends), row["number"]
        return result


def kept(result: ReplayResult, dossiers: int) -> None:
    """Every promise was kept, exactly."""
    counts = {
        "dossiers": result.dossiers,
        "lost": result.lost,
        "repeated": result.repeated,
        "out_of_order": result.out_of_order,
        "unexpected": result.unexpected,
        "bad_signatures": result.bad_signatures,
    }
    assert counts == {
        "dossiers": dossiers, "lost": 0, "repeated": 0, "out_of_order": 0, "unexpected": 0, "bad_signatures": 0,
    }, result.examples  # fmt: skip
