"""Child processes of which none is ever left behind.

However this process ends, SIGKILL included, its children end: on Linux the kernel signals each
(launch.py), and on every system a guard signals their process groups (guard.py). The kernel's signal
follows the *thread* that started the child, so one thread, kept as long as this object, starts them all;
callers may use any thread.

Each child leads a session of its own (a Ctrl-C in the terminal reaches only us), and writes to
`LOGS/NAME.log`.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

from .errors import StartFailedError

POLL_SECONDS = 0.05
STOP_SECONDS = 15.0
FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 0.2, 5.0
STEADY_SECONDS = 10.0
"""A process that lived this long is restarted with the first backoff again."""
HOPELESS_RESTARTS = 3
"""Before it was ever ready; later it is restarted without end."""
LOG_BYTES = 10_000_000
"""A log longer than this is moved to NAME.log.1 when its process starts."""
TAIL_LINES = 15
HERE = Path(__file__).parent


@dataclass(frozen=True)
class User:
    """Whom to run a program as, given by root; `read_anything` as in launch.py."""

    uid: int
    gid: int
    read_anything: bool = False


@dataclass(frozen=True)
class Program:
    """What to run. `env` is added to our own environment; `death_signal` is for when we ourselves die."""

    name: str
    argv: Sequence[str | Path]
    env: Mapping[str, str] = field(default_factory=dict)
    user: User | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    restart: bool = False


@dataclass
class _Run:
    """One life of a program."""

    popen: subprocess.Popen[bytes]
    exited: threading.Event = field(default_factory=threading.Event)


@dataclass
class _Child:
    program: Program
    run: _Run
    stopping: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)  # ended and will not be restarted
    restarts: int = 0


class Processes:
    """The children of one stack, by name; usable from any thread, as a context manager or with `close`."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._spawner = ThreadPoolExecutor(1, thread_name_prefix="spawner")
        self._children: dict[str, _Child] = {}
        self._lock = threading.Lock()
        self._guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, program: Program) -> None:
        """Start a program; a name may be used again once its process is stopped or ended."""
        with self._lock:
            if self.running(program.name):
                raise StartFailedError(f"{program.name} is already running; stop it first.")
            child = _Child(program, self._spawn(program))
            self._children[program.name] = child
        threading.Thread(target=self._watch, args=(child,), name=f"watch {program.name}", daemon=True).start()

    def run(self, program: Program, seconds: float) -> None:
        """Run a program to its end; raises `StartFailedError` if it fails or takes longer."""
        self.start(program)
        if not self._children[program.name].finished.wait(seconds):
            self.stop(program.name)
            raise StartFailedError(f"{program.name} did not end within {seconds:.0f} s.\n{self.tail(program.name)}")
        code = self.wait_exit(program.name)
        if code != 0:
            raise StartFailedError(f"{program.name} failed ({_ending(code)}).\n{self.tail(program.name)}")

    def wait_ready(self, name: str, ready: Callable[[], bool], seconds: float) -> None:
        """Return when `ready()`; raises `StartFailedError` with the log's tail if it ends or is too late."""
        child = self._children[name]
        deadline = time.monotonic() + seconds
        while not ready():
            if child.stopping.is_set():
                raise StartFailedError(f"{name} was stopped before it was ready.")
            if child.finished.is_set():
                code = child.run.popen.returncode
                raise StartFailedError(f"{name} ended before it was ready ({_ending(code)}).\n{self.tail(name)}")
            if child.restarts >= HOPELESS_RESTARTS:
                raise StartFailedError(f"{name} ended {child.restarts} times before it was ready.\n{self.tail(name)}")
            if time.monotonic() > deadline:
                raise StartFailedError(f"{name} is not ready after {seconds:.0f} s.\n{self.tail(name)}")
            child.finished.wait(POLL_SECONDS)

    def running(self, name: str) -> bool:
        """Whether it runs, or waits to be restarted."""
        child = self._children.get(name)
        return child is not None and not child.finished.is_set()

    def names(self) -> list[str]:
        """All names used so far, the first started first."""
        return list(self._children)

    def pid(self, name: str) -> int:
        """The present process's id (after a restart another one)."""
        return self._children[name].run.popen.pid

    def restarts(self, name: str) -> int:
        """How often it ended unexpectedly and was started again."""
        return self._children[name].restarts

    def signal(self, name: str, number: int) -> None:
        """Send a signal to the process itself."""
        self._children[name].run.popen.send_signal(number)

    def wait_exit(self, name: str, seconds: float | None = None) -> int:
        """Wait until the present process ends; its exit code (negative: the signal), or `TimeoutError`."""
        run = self._children[name].run
        if not run.exited.wait(seconds):
            raise TimeoutError(f"{name} has not ended within {seconds} s")
        return int(run.popen.returncode)

    def stop(self, *names: str, seconds: float = STOP_SECONDS, number: int | None = None) -> None:
        """Ask all to end (each with its stop signal, or `number`), wait, then SIGKILL what is left."""
        children = [self._children[name] for name in names if name in self._children]
        with self._lock:  # not between a restart's decision and its new process
            for child in children:
                child.stopping.set()
                child.run.popen.send_signal(number or child.program.stop_signal)
                child.run.popen.send_signal(signal.SIGCONT)  # a stopped process would never hear it
        deadline = time.monotonic() + seconds
        for child in children:
            if not child.finished.wait(max(0.0, deadline - time.monotonic())):
                _kill_group(child.run.popen.pid)
                child.finished.wait()

    def tail(self, name: str) -> str:
        """The last lines of its log, and where the log is."""
        log = self.log(name)
        lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:] if log.exists() else []
        return "\n".join([*lines, f"(from {log})"])

    def log(self, name: str) -> Path:
        """Where its output goes."""
        return self._logs / f"{name}.log"

    def close(self) -> None:
        """Stop what still runs, the last started first, and the guard."""
        for name in reversed(self._children):
            self.stop(name)
        self._spawner.shutdown()
        if self._guard is not None:
            _pipe(self._guard).close()
            self._guard.wait()
            self._guard = None

    def _watch(self, child: _Child) -> None:
        backoff = FIRST_BACKOFF_SECONDS
        while True:
            started, run = time.monotonic(), child.run
            run.popen.wait()
            _kill_group(run.popen.pid)  # what it left behind would hold its ports
            self._tell_guard(f"-{run.popen.pid}")
            run.exited.set()
            if time.monotonic() - started > STEADY_SECONDS:
                backoff = FIRST_BACKOFF_SECONDS
            if not child.program.restart or child.stopping.wait(backoff):
                break
            backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)
            with self._lock:
                if child.stopping.is_set():
                    break
                child.run = self._spawn(child.program)
                child.restarts += 1
        child.finished.set()

    def _spawn(self, program: Program) -> _Run:
        return self._spawner.submit(self._spawn_here, program).result()

    def _spawn_here(self, program: Program) -> _Run:
        if self._guard is None:
            self._guard = subprocess.Popen(_script("guard.py"), stdin=subprocess.PIPE, start_new_session=True)
        user = program.user
        wanted = {
            "parent": os.getpid(),
            "death_signal": program.death_signal,
            "user": [user.uid, user.gid] if user else None,
            "read_anything": bool(user and user.read_anything),
        }
        with self._open_log(program.name) as log:
            popen = subprocess.Popen(
                [*_script("launch.py"), json.dumps(wanted), *program.argv],
                env={**os.environ, **program.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._tell_guard(f"+{popen.pid} {int(program.death_signal)}")
        return _Run(popen)

    def _open_log(self, name: str) -> IO[bytes]:
        log = self.log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_name(log.name + ".1"))
        return log.open("ab")

    def _tell_guard(self, line: str) -> None:
        guard = self._guard
        if guard is not None:
            with contextlib.suppress(BrokenPipeError):  # the guard was killed; launch.py's signal is left
                os.write(_pipe(guard).fileno(), f"{line}\n".encode())


def _script(name: str) -> list[str]:
    return [sys.executable, "-I", "-S", str(HERE / name)]


def _pipe(guard: subprocess.Popen[bytes]) -> IO[bytes]:
    if guard.stdin is None:
        raise RuntimeError("the guard was started without its pipe")
    return guard.stdin


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
