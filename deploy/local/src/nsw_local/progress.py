"""What the user sees of a download, on stderr: a bar on a terminal, a line every few seconds elsewhere."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

LINE_SECONDS = 3.0
MEGABYTE = 1_000_000


@contextmanager
def show(title: str, total: int) -> Iterator[Callable[[str, int], None]]:
    """Gives a function to call, from any thread, with a file and its bytes so far; `total` in bytes."""
    if sys.stderr.isatty():
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        ) as bar:
            task = bar.add_task(f"Downloading {title}", total=total)
            yield _summed(lambda loaded: bar.update(task, completed=loaded))
    else:
        lines = _Lines(title, total)
        lines.write(0)
        yield _summed(lines.write_sometimes)
        lines.write(total)


def _summed(show_total: Callable[[int], None]) -> Callable[[str, int], None]:
    sizes: dict[str, int] = {}
    lock = threading.Lock()

    def on_size(name: str, size: int) -> None:
        with lock:
            sizes[name] = size
            show_total(sum(sizes.values()))

    return on_size


class _Lines:
    def __init__(self, title: str, total: int) -> None:
        self._title, self._total = title, total
        self._next = time.monotonic() + LINE_SECONDS

    def write_sometimes(self, loaded: int) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + LINE_SECONDS
            self.write(loaded)

    def write(self, loaded: int) -> None:
        sys.stderr.write(f"Downloading {self._title}: {loaded / MEGABYTE:.0f} of {self._total / MEGABYTE:.0f} MB\n")
        sys.stderr.flush()
