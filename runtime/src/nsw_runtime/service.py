"""The composition root that every service shares: what it is made of, how it starts and how it stops.

A service is one Starlette application: its own routes, `/healthz`, `/readyz` and `/metrics`, and, for as long as it
lives, its relay, its subscribers and its sender. Kafka may be away when it starts; Postgres may come and go.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

from faststream.kafka import KafkaBroker
from nsw_contracts.topics import REGISTRATIONS
from nsw_contracts.topics import Service as ServiceName
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match, Route

from nsw_runtime import crash
from nsw_runtime.applier import Applier
from nsw_runtime.clock import Clock, backoff, system_clock
from nsw_runtime.consumer import BatchConsumer
from nsw_runtime.database import UNAVAILABLE, Pool, open_callers_pool, open_pool
from nsw_runtime.handling import ClockedHandler, Handler, Intent
from nsw_runtime.health import Health
from nsw_runtime.identity import guarded
from nsw_runtime.identity.applying import WithRegistrations
from nsw_runtime.identity.authenticator import Authenticator
from nsw_runtime.journal import Stated
from nsw_runtime.kafka import UNREACHABLE
from nsw_runtime.logs import configure_logs
from nsw_runtime.problems import Problem, fault
from nsw_runtime.relay import Relay
from nsw_runtime.sender import LANES_AT_ONCE, Keep, Sender, Transport
from nsw_runtime.settings import ServiceSettings
from nsw_runtime.subscriber import subscribe
from nsw_runtime.telemetry import Telemetry

log = logging.getLogger(__name__)

WATCH_SECONDS: Final = 2.0  # also how soon a released dossier is tried again
UNREADY_WATCH_SECONDS: Final = 0.2
GATHER_SECONDS: Final = 0.002  # in which several consumers bring what was sent to their topics together
TICK_SECONDS: Final = 1.0  # how late a clock may speak; its facts carry the time that was due


class ServiceBase:
    """The parts of one service, made once Postgres' pool exists and run inside the application's lifespan."""

    def __init__(self, name: ServiceName, settings: ServiceSettings, *, clock: Clock = system_clock) -> None:
        configure_logs(name, settings.log_level)
        crash.arm(settings.crash_at)
        self.name = name
        self.settings = settings
        self.clock = clock
        self.health = Health()
        self.health.bad("starting", "it has just been started")
        self.telemetry = Telemetry(name, settings)
        self.relay = Relay(
            service=name,
            database_url=settings.database_url.get_secret_value(),
            bootstrap=settings.kafka_bootstrap_servers,
            health=self.health,
            telemetry=self.telemetry,
        )
        self.authenticator = Authenticator(settings, clock)
        self.pool: Pool
        self.callers: Pool  # reads on behalf of callers, behind row-level security
        self.sender: Sender | None = None
        self._applier: Applier[Any] | None = None
        self.stopping = asyncio.Event()  # the process was told to stop; answers that would not end must
        self._clocked: ClockedHandler[Any] | None = None
        self._beside: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self._consumers: list[BatchConsumer] = []
        self._broker: KafkaBroker | None = None

    def consume(self, handler: Handler[Any], topics: Mapping[str, Sequence[str]]) -> None:
        """Read topics through this handler; `topics` are by consumer group, each of which is one consumer."""
        reads = {topic for names in topics.values() for topic in names}
        self._applier = Applier(
            service=self.name,
            handler=WithRegistrations(handler) if REGISTRATIONS.name in reads else handler,
            pool=self.pool,
            clock=self.clock,
            telemetry=self.telemetry,
            poison_limit=self.settings.poison_limit,
            gather_seconds=GATHER_SECONDS if len(topics) > 1 else 0.0,
            on_commit=self._committed,
        )
        self._consumers = [
            BatchConsumer(group=group, topics=names, applier=self._applier, health=self.health)
            for group, names in topics.items()
        ]

    def keep_time(self, handler: ClockedHandler[Any]) -> None:
        """Let this handler, which `consume` has, say what follows from time alone."""
        self._clocked = handler

    def send(self, transport: Transport, *, keep: Keep | None = None, lanes_at_once: int = LANES_AT_ONCE) -> Sender:
        """Carry out this service's intents through this transport; `keep` writes beside their results."""
        self.sender = Sender(
            service=self.name,
            database_url=self.settings.database_url.get_secret_value(),
            pool=self.pool,
            transport=transport,
            clock=self.clock,
            health=self.health,
            on_commit=self.relay.wake,
            keep=keep,
            lanes_at_once=lanes_at_once,
        )
        return self.sender

    def beside(self, loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a loop of the service's own for as long as it lives."""
        self._beside.append(loop)

    def application(
        self,
        parts: Callable[[], Awaitable[Sequence[BaseRoute]]],
        *,
        closing: Callable[[], Awaitable[None]] | None = None,
    ) -> Starlette:
        """The service's HTTP application.

        `parts` is called with `pool` open: it says what to consume and send, and gives the service's own routes;
        `closing` is called after everything has stopped.
        """

        @asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[None]:
            self.pool = await open_pool(self.settings.database_url.get_secret_value(), self.name)
            self.callers = await open_callers_pool(self.settings.database_url.get_secret_value(), self.name)
            self.authenticator.open(self.pool)
            app.router.routes[:0] = await parts()
            loops = [self.relay.run(), self._subscribe(), self._watch(), self._tick(), self.authenticator.run()]
            if self.sender is not None:
                loops.append(self.sender.run())
            loops += [loop() for loop in self._beside]
            tasks = [asyncio.create_task(loop) for loop in loops]
            for task in tasks:
                task.add_done_callback(self._loop_ended)
            try:
                yield
            finally:
                await self._stop(tasks)
                if closing is not None:
                    await closing()

        own = {"/healthz": self._healthz, "/readyz": self._readyz, "/metrics": _metrics}
        app = Starlette(
            routes=[guarded(path, endpoint, methods=["GET"], access="public") for path, endpoint in own.items()],
            lifespan=lifespan,
            exception_handlers={Problem: _answer_problem, HTTPException: _answer_http, Exception: _answer_fault},
        )
        app.state.authenticator = self.authenticator
        app.state.stopping = self.stopping
        return app

    def _loop_ended(self, task: "asyncio.Task[None]") -> None:
        """A fault nobody foresaw ended a loop: half a service is worse than none, so this process stops in order."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.critical("a fault ended part of this service; it stops, to be started again", exc_info=error)
            self.health.bad("fault", f"{type(error).__name__}: {error}")
            signal.raise_signal(signal.SIGTERM)

    async def _stop(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Drain: no new batches, what is on its way is finished, the rest stays in Postgres."""
        if self._broker is not None:
            await self._broker.stop()
        for task in reversed(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(self.telemetry.close)
        await self.callers.close()
        await self.pool.close()

    def _committed(self, intents: Sequence[Intent], stated: Sequence[Stated]) -> None:
        if stated:
            self.relay.wake(stated)
        if intents and self.sender is not None:
            self.sender.tell({intent.lane for intent in intents})

    async def _subscribe(self) -> None:
        """Start the subscribers once Kafka answers."""
        failures = 0
        while self._consumers:
            broker = subscribe(self._consumers, self.name, self.settings)
            try:
                await broker.start()
            except UNREACHABLE as error:
                self.health.bad("kafka", f"Kafka cannot be reached: {error}")
                await broker.stop()
                await asyncio.sleep(backoff(failures, longest=3.0))
                failures += 1
                continue
            self._broker = broker
            return

    async def _watch(self) -> None:
        """Keep readiness true, and try what was released."""
        while True:
            try:
                await self.pool.fetchval("select 1")
                self.health.good("postgres")
                if self._applier is not None:
                    await self._applier.retry_released()
            except UNAVAILABLE as error:
                self.health.bad("postgres", f"Postgres cannot be reached: {type(error).__name__}")
            self._watch_assignment()
            self.health.good("starting")
            await asyncio.sleep(WATCH_SECONDS if self.health.ready else UNREADY_WATCH_SECONDS)

    async def _tick(self) -> None:
        """State what is due: soon after its time, and after an outage everything that came due meanwhile."""
        while self._clocked is not None and self._applier is not None:
            try:
                while await self._applier.tick(self._clocked):
                    pass
            except UNAVAILABLE as error:
                log.info("clocks wait for Postgres", extra={"error": type(error).__name__})
            await asyncio.sleep(TICK_SECONDS)

    def _watch_assignment(self) -> None:
        if not self._consumers:
            return
        lacking = [
            topic
            for subscriber in (self._broker.subscribers if self._broker else ())
            if not (subscriber.consumer and subscriber.consumer.assignment())  # type: ignore[attr-defined]
            for topic in subscriber.topic_names  # type: ignore[attr-defined]
        ]
        if self._broker is None or lacking:
            self.health.bad("kafka", f"no partitions assigned yet: {', '.join(lacking) or 'Kafka is not connected'}")
        else:
            self.health.good("kafka")

    async def _healthz(self, _: Request) -> Response:
        return JSONResponse({"service": self.name, "alive": True})

    async def _readyz(self, _: Request) -> Response:
        return JSONResponse(
            {"service": self.name, "ready": self.health.ready, "against": self.health.against},
            status_code=200 if self.health.ready else 503,
        )


async def _metrics(_: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _answer_problem(_: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    return error.response()


async def _answer_fault(_: Request, __: Exception) -> Response:
    """A fault nobody foresaw; the server logs it with its trace."""
    return fault().response()


async def _answer_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _other_method(request).response()
    return Problem(error.status_code, "http", "Request refused", str(error.detail)).response()


def _other_method(request: Request) -> Problem:
    """405, with the methods of all routes at this path: several may share it."""
    routes: Sequence[BaseRoute] = request.app.routes
    there = (one for one in routes if isinstance(one, Route) and one.matches(request.scope)[0] is not Match.NONE)
    methods = ", ".join(sorted({method for route in there for method in route.methods or ()}))
    return Problem(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "http",
        "Request refused",
        f"This can be asked for by {methods} only.",
        headers={"allow": methods},
    )
