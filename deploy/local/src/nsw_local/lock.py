"""One stack a folder: the lock file, held as long as the holder lives, with its process id inside.

The kernel lets go of it when the holder ends, however it ends; so who holds it is alive, and the id is
its own.
"""

import fcntl
import os
import time
from pathlib import Path
from typing import IO

from .errors import FolderInUseError

FILE = "lock"
PATIENCE_SECONDS = 0.5
"""`holder` takes the lock for an instant to see whether it is free; that instant is waited out."""
POLL_SECONDS = 0.02


def take(folder: Path) -> IO[str]:
    """Hold the folder until the result is closed; raises `FolderInUseError`."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / FILE).open("a+")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _try(lock, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            lock.close()
            raise FolderInUseError(folder)
        time.sleep(POLL_SECONDS)
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def holder(folder: Path) -> int | None:
    """The process id of the stack in this folder, None if there is none."""
    try:
        with (folder / FILE).open() as lock:
            while not _try(lock, fcntl.LOCK_SH):
                if written := lock.read():
                    return int(written)
                time.sleep(POLL_SECONDS)  # just taken, the id comes next
            return None
    except FileNotFoundError:
        return None


def _try(lock: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
