"""A replay as the command line runs it: its progress on standard error, its table and figures, its verdict."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import aiohttp
from nsw_benchmarks.bulk_door import SubmissionError
from nsw_benchmarks.replay import OnProgress, ReplayOptions, ReplayResult, replay
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from nsw_cli.errors import CommandError
from nsw_cli.output import err
from nsw_cli.steps import Steps

PHASES: Final = {
    "subscribe": "Businesses subscribe",
    "submit": "Businesses file dossiers",
    "deliver": "Businesses hear back",
    "judge": "The judge looks for losses",
}
PROMISES: Final = ("lost", "repeated", "out_of_order", "unexpected", "bad_signatures")


def run(options: ReplayOptions) -> ReplayResult:
    """Replay, showing how far it is.

    Raises:
        CommandError: the window refused a dossier, or something could not be reached.
    """
    try:
        with _progress() as on_progress:
            return asyncio.run(replay(options, on_progress))
    except SubmissionError as error:
        raise CommandError(f"the replay stopped: {error}. Look with `nsw status` and at the logs") from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise CommandError(f"the replay stopped: {error!r}. Look with `nsw status`, then run it again") from error


def kept(result: ReplayResult) -> bool:
    """Whether every promise was kept."""
    return not any(getattr(result, promise) for promise in PROMISES)


def figures(result: ReplayResult) -> dict[str, Any]:
    """The result as `--json` prints it; latencies are null where nothing arrived."""
    found = result.figures()
    none = {"p50": None, "p99": None}
    return found | {name: none | found[name] for name in ("latency_ms", "latency_all_ms")}


@contextmanager
def _progress() -> Iterator[OnProgress]:
    bars = Progress(
        TextColumn("{task.description:<26}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=err
    )
    tasks: dict[str, TaskID] = {}

    def on_bar(phase: str, done: int, of: int) -> None:
        if phase not in tasks:
            tasks[phase] = bars.add_task(PHASES[phase], total=of)
        bars.update(tasks[phase], completed=done, total=of)

    if err.is_terminal:
        with bars:
            yield on_bar
        return
    seen: set[str] = set()

    def on_step(phase: str, _: int, of: int) -> None:
        if phase not in seen:
            seen.add(phase)
            steps.begin(f"{PHASES[phase]} ({of:,})")

    with Steps() as steps:
        yield on_step
