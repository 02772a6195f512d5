"""Steps of a start, as they happen, on standard error: a spinner on a terminal, a line a step elsewhere."""

import time
from types import TracebackType
from typing import Self

from nsw_cli.output import err


class Steps:
    """Shows one step at a time, and how long each took; the last one ends with the block."""

    def __init__(self) -> None:
        self._status = err.status("")
        self._step: str | None = None
        self._began = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(completed=error is None)
        self._status.stop()

    def begin(self, step: str) -> None:
        """The step before is over and this one begins."""
        self._end(completed=True)
        self._step, self._began = step, time.monotonic()
        if err.is_terminal:
            self._status.update(f"{step} …")
            self._status.start()  # only now: a download before the first step shows its own progress

    def _end(self, *, completed: bool) -> None:
        if self._step is not None:
            mark = "[green]✓[/]" if completed else "[red]✗[/]"
            err.print(f"{mark} {self._step} [dim]{time.monotonic() - self._began:.1f} s[/]", soft_wrap=True)
        self._step = None
