"""`up`, `down` and `state`: what the CLI does with a stack that goes on running in the background."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from . import lock, spec
from . import state as state_file
from .downloads import fetch
from .errors import FolderInUseError, LocalStackError, StartFailedError
from .java import find_java
from .settings import Settings
from .spec import Spec
from .state import State

POLL_SECONDS = 0.05
DOWN_SECONDS = 150.0
"""Longer than the stack's own waits; then SIGKILL, which the children do not outlive either."""
LOG = "supervisor.log"
OURS = ("kafka", "postgres", "logs", spec.FILE, state_file.FILE, lock.FILE)
"""What a stack puts into its folder."""


def up(folder: Path, what: Spec, on_progress: Callable[[State], None] = lambda _: None) -> State:
    """Start a supervisor that outlives us, and return when everything is ready.

    Downloads come first, in this process, with their progress on stderr. Raises `FolderInUseError` if a
    stack runs there already, `StartFailedError` with the reason if it cannot be started (nothing is left
    running then).
    """
    folder = folder.absolute()
    if lock.holder(folder) is not None:
        raise FolderInUseError(folder)
    settings = Settings.from_environment()
    if settings.kafka_bootstrap is None or what.zipkin:
        find_java(settings.java_home)
    if settings.kafka_bootstrap is None:
        fetch("kafka", settings)
    if what.zipkin:
        fetch("zipkin", settings)
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    (folder / state_file.FILE).unlink(missing_ok=True)
    what.write(folder)
    ended = _start(folder)
    try:
        return _await_ready(folder, ended, on_progress)
    except KeyboardInterrupt:
        down(folder)
        raise


def down(folder: Path, *, wipe: bool = False) -> bool:
    """Stop the stack of this folder, background or not; False if none ran. `wipe` removes its data."""
    folder = folder.absolute()
    pid = lock.holder(folder)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        if not _released(folder, DOWN_SECONDS):
            os.kill(pid, signal.SIGKILL)
            if not _released(folder, DOWN_SECONDS):
                raise LocalStackError(f"The stack's process {pid} does not end. See {folder / 'logs' / LOG}.")
    (folder / state_file.FILE).unlink(missing_ok=True)
    if wipe:
        _wipe(folder)
    return pid is not None


def state(folder: Path) -> State | None:
    """How the stack in this folder is; None if none runs and none failed."""
    folder = folder.absolute()
    found = State.read(folder)
    if found is None or found.status == "failed" or lock.holder(folder) is not None:
        return found
    log = folder / "logs" / LOG
    return replace(found, status="failed", message=f"The supervisor was killed; see {log}. `nsw up` starts it again.")


def _start(folder: Path) -> threading.Event:
    """The event is set when the supervisor ends."""
    with (folder / "logs" / LOG).open("wb") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "nsw_local.supervisor", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    ended = threading.Event()

    def reap() -> None:
        supervisor.wait()
        ended.set()

    threading.Thread(target=reap, name="reap supervisor", daemon=True).start()
    return ended


def _await_ready(folder: Path, ended: threading.Event, on_progress: Callable[[State], None]) -> State:
    shown = None
    while True:
        over = ended.wait(POLL_SECONDS)
        found = State.read(folder)  # after asking whether it ended: its last word is not missed
        if found is not None and found.message != shown:
            shown = found.message
            on_progress(found)
        if found is not None and found.status == "ready":
            return found
        if over:
            log = (folder / "logs" / LOG).read_text(errors="replace").strip()
            raise StartFailedError(found.message if found and found.status == "failed" else f"It ended.\n{log}")


def _released(folder: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while lock.holder(folder) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _wipe(folder: Path) -> None:
    for name in OURS:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if folder.exists() and not any(folder.iterdir()):
        folder.rmdir()
