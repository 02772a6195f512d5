"""Runs a service's application under uvicorn; SIGTERM and SIGINT drain it and the process exits 0."""

import asyncio
import contextlib
import gc
import resource
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final, TypeVar

import uvicorn
import uvloop
from starlette.applications import Starlette

from nsw_runtime.errors import CannotListen, NswError
from nsw_runtime.http_limits import Connections, HttpLimits
from nsw_runtime.http_protocol import LimitedHttp
from nsw_runtime.settings import ServiceSettings, read_settings
from nsw_runtime.tls import server_tls

GC_OBJECTS: Final = 200_000
HANDSHAKE_SECONDS: Final = 10.0
BACKLOG: Final = 1024
STARTUP_FAILED: Final = 3

S = TypeVar("S", bound=ServiceSettings)


class _Server(uvicorn.Server):
    """Stops on SIGTERM like on SIGINT, and does not raise the signal again once it has stopped."""

    def __init__(self, config: uvicorn.Config, limits: HttpLimits, tls: ssl.SSLContext | None) -> None:
        super().__init__(config)
        self._connections = Connections(limits)
        self._tls = tls

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; whoever answers without end is told so."""
        super().handle_exit(sig, frame)
        app: Starlette = self.config.app  # type: ignore[assignment]
        app.state.stopping.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002  # as in uvicorn
        """Start the application, then listen; uvicorn's own has no limit on a TLS handshake."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILED)
        host, port = self.config.host, self.config.port
        try:
            server = await asyncio.get_running_loop().create_server(
                self._connection,
                host,
                port,
                backlog=BACKLOG,
                ssl=self._tls,
                ssl_handshake_timeout=None if self._tls is None else HANDSHAKE_SECONDS,
            )
        except OSError as error:
            await self.lifespan.shutdown()
            raise CannotListen(
                f"cannot listen on {host}:{port}: {error}. Set NSW_HTTP_HOST and NSW_HTTP_PORT"
            ) from error
        self.servers = [server]
        self._watching = asyncio.create_task(self._connections.watch())
        self.started = True

    def _connection(self) -> LimitedHttp:
        return LimitedHttp(
            self._connections, config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


def run(kind: type[S], build: Callable[[S], Starlette]) -> None:
    """Read the settings, build the application, serve until told to stop; exits with 2 where settings are wrong."""
    # Batches make and drop tens of thousands of small objects; the collector's default thresholds walk the live ones
    # for every 700 of them, which took about a tenth of all CPU time.
    gc.set_threshold(GC_OBJECTS, 20, 20)
    try:
        settings = read_settings(kind)
        _open_more_files()
        uvloop.run(_serve(settings, build))
    except NswError as error:
        sys.exit(_say(error))


async def _serve(settings: S, build: Callable[[S], Starlette]) -> None:
    app = build(settings)
    gc.freeze()  # what is there now, packs and all, lives as long as the process: it is not walked again
    config = uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        http=LimitedHttp,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=15,
    )
    await _Server(config, HttpLimits.of(settings), server_tls(settings)).serve()


def _open_more_files() -> None:
    """Let the process hold as many files as it may: each connection is one, and many systems begin with 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _say(error: NswError) -> int:
    sys.stderr.write(f"error: {error}\n")
    return 2
