"""Runs a service's application under uvicorn; SIGTERM and SIGINT drain it and the process exits 0."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

import uvicorn
import uvloop
from starlette.applications import Starlette

from nsw_runtime.errors import NswError
from nsw_runtime.settings import ServiceSettings, read_settings

GC_OBJECTS: Final = 50_000

S = TypeVar("S", bound=ServiceSettings)


class _Server(uvicorn.Server):
    """Stops on SIGTERM like on SIGINT, and does not raise the signal again once it has stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def run(kind: type[S], build: Callable[[S], Starlette]) -> None:
    """Read the settings, build the application, serve until told to stop; exits with 2 where settings are wrong."""
    # Batches make and drop tens of thousands of small objects; the collector's default thresholds walk the live ones
    # for every 700 of them, which took about a tenth of all CPU time.
    gc.set_threshold(GC_OBJECTS, 20, 20)
    try:
        settings = read_settings(kind)
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
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=15,
        timeout_keep_alive=30,
        limit_concurrency=1000,
        backlog=1024,
    )
    await _Server(config).serve()


def _say(error: NswError) -> int:
    sys.stderr.write(f"error: {error}\n")
    return 2
