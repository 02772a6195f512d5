"""The background process of `nsw up`: `python -m nsw_local.supervisor FOLDER` runs the folder's spec.json.

It keeps state.json true, and on SIGTERM stops everything, in reverse, and exits with 0. When it cannot start
everything it stops what it has started, leaves the reason in state.json and exits with 1.
"""

import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

from .errors import LocalStackError
from .kafka import Kafka
from .postgres import Postgres
from .spec import Process, Spec
from .stack import Stack
from .state import State, Status

READY_SECONDS = 60.0
ANSWER_SECONDS = 5.0
WATCH_SECONDS = 0.5
OK = 200

OnMessage = Callable[[str], None]


def start_all(stack: Stack, spec: Spec, on_message: OnMessage) -> None:
    """Start what the spec says, as children of this process, and wait until it is ready."""
    on_message("Starting Kafka and Postgres")
    stack.start()
    if spec.zipkin:
        stack.start_zipkin()
    for command in spec.commands:
        on_message(f"Running {command.name}")
        stack.run(command.name, command.argv, command.env, seconds=command.seconds)
    if spec.processes:
        on_message(f"Starting {', '.join(process.name for process in spec.processes)}")
    for process in spec.processes:
        stack.start_process(process.name, process.argv, process.env, restart=process.restart)
    for process in spec.processes:
        if process.ready_url is not None:
            stack.processes.wait_ready(process.name, answers(process.ready_url), READY_SECONDS)
    if spec.zipkin:
        on_message("Waiting for Zipkin")
        stack.wait_for_zipkin()


def answers(url: str) -> Callable[[], bool]:
    """Asks whether somebody answers there with 200."""

    def ready() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - the caller's own
                return bool(answer.status == OK)
        except urllib.error.HTTPError as error:
            error.close()
            return False
        except OSError:
            return False

    return ready


class _TerminatedError(Exception):
    """SIGTERM came."""


class Supervisor:
    """Runs one spec in one folder until SIGTERM."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._spec = Spec.read(folder)
        self._stack = Stack(folder, self._spec.ports)
        self._written: State | None = None

    def run(self) -> int:
        """The exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _terminate)
        try:
            with self._stack:
                _ = self._stack.processes  # takes the folder, before state.json is touched
                start_all(self._stack, self._spec, self._starting)
                self._watch()
        except _TerminatedError:
            return 0
        except LocalStackError as error:
            self._write("failed", str(error))
            return 1

    def _starting(self, message: str) -> None:
        self._write("starting", message)

    def _watch(self) -> NoReturn:
        """Keep the state true; only a signal ends it."""
        while True:
            lost = [name for name in self._servers() if not self._stack.running(name)]
            if lost:
                logs = ", ".join(str(self._stack.processes.log(name)) for name in lost)
                self._write("failed", f"{' and '.join(lost)} ended; see {logs}, then `nsw down` and `nsw up`.")
            else:
                self._write("ready", "Ready")
            time.sleep(WATCH_SECONDS)

    def _servers(self) -> list[str]:
        settings = self._stack.settings
        kafka = [] if settings.kafka_bootstrap else [Kafka.name]
        return kafka + ([] if settings.database_url else [Postgres.name])

    def _write(self, status: Status, message: str) -> None:
        names = [name for name in self._stack.names() if self._stack.running(name)]
        state = State(
            status=status,
            message=message,
            ports=self._spec.ports,
            urls=self._urls(),
            pids={name: self._stack.pid(name) for name in names},
            restarts={name: self._stack.processes.restarts(name) for name in names},
        )
        if state != self._written:
            state.write(self._folder)
            self._written = state

    def _urls(self) -> dict[str, str]:
        urls = {"kafka": self._stack.kafka_bootstrap, "database": self._stack.database_url}
        if self._spec.zipkin:
            urls["zipkin"] = self._stack.zipkin_url
        return urls | {each.name: _origin(each) for each in self._spec.processes if each.ready_url}


def _origin(process: Process) -> str:
    parts = urlsplit(process.ready_url or "")
    return f"{parts.scheme}://{parts.netloc}"


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # once: stopping is not to be interrupted
    raise _TerminatedError


if __name__ == "__main__":
    sys.exit(Supervisor(Path(sys.argv[1]).absolute()).run())
