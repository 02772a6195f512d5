"""`make bench`: every part of the benchmarks in turn, each on a stack of its own, in one report.

A part measures, shows its table and says whether its promises were kept. Its figures stand in the results' file under
its name, with when and on what they were measured and how long that took; the replay's stand at the top. Where parts
are measured alone, the others' figures stay there as they are.
"""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer
from nsw_benchmarks import soap_throughput
from nsw_benchmarks.comparison import comparison_table
from nsw_benchmarks.comparison import kept as replay_kept
from nsw_benchmarks.document_stream import MB, document_table
from nsw_benchmarks.door.figures import door_table
from nsw_benchmarks.door.figures import kept as door_kept
from nsw_benchmarks.machine import machine
from rich.table import Table

from nsw_cli import live_bench, replay_bench
from nsw_cli.document_bench import document_round
from nsw_cli.door_bench import Shape
from nsw_cli.door_bench import measure as measure_door
from nsw_cli.errors import FOUND_WRONG, ReportingGroup
from nsw_cli.output import err, out

RESULTS: Final = Path("benchmarks/results/latest.json")
DOSSIERS: Final = 100_000
DOCUMENT_MB: Final = 1_000
SOAP_SECONDS: Final = 3.0
LIVE_SECONDS: Final = 30.0
LEAST_DOCUMENT_MB: Final = 5  # more than one chunk

Figures = Mapping[str, Any]


class Name(StrEnum):
    """What a part is called where it is asked for."""

    REPLAY = "replay"
    DOOR = "door"
    DOCUMENTS = "documents"
    VNSW_SOAP = "vnsw-soap"
    LIVE = "live"


class Size(NamedTuple):
    """How much is measured: a share of the usual, in so many rounds of the replay."""

    scale: float
    rounds: int

    def of(self, usual: float, least: int = 1) -> int:
        """This share of what is usual."""
        return max(least, round(usual * self.scale))


class Part(NamedTuple):
    """One part of the benchmarks; `key` is its name in the results, empty: at the top."""

    key: str
    title: str
    measure: Callable[[Size], dict[str, Any]]
    table: Callable[[Figures], Table]
    kept: Callable[[Figures], bool]


def _door(size: Size) -> dict[str, Any]:
    usual = Shape()
    return measure_door(
        Shape(size.of(usual.submissions), usual.rounds, usual.connections, size.of(usual.warm_up, usual.connections))
    )


PARTS: Final[dict[Name, Part]] = {
    Name.REPLAY: Part(
        "",
        "The country's replay: floor, pipeline, full mix",
        lambda size: replay_bench.measure(size.of(DOSSIERS), size.rounds),
        comparison_table,
        replay_kept,
    ),
    Name.DOOR: Part("door", "The door: intake alone, signed submissions", _door, door_table, door_kept),
    Name.DOCUMENTS: Part(
        "documents",
        "Documents: a large one in and out",
        lambda size: document_round(size.of(DOCUMENT_MB, LEAST_DOCUMENT_MB) * MB).figures(),
        document_table,
        lambda _: True,  # other bytes than went in are an error, not a figure
    ),
    Name.VNSW_SOAP: Part(
        "vnsw_soap",
        "vnsw-soap beside the bare exchange",
        lambda size: soap_throughput.measure(SOAP_SECONDS * size.scale),
        soap_throughput.soap_table,
        lambda _: True,  # a message not taken is an error, not a figure
    ),
    Name.LIVE: Part(
        "live",
        "How soon a business hears: from a 202 to the webhook",
        lambda size: live_bench.measure(seconds=LIVE_SECONDS * size.scale)[0],
        live_bench.live_table,
        lambda figures: not figures["lost"],
    ),
}

app = typer.Typer(cls=ReportingGroup, add_completion=False)


@app.callback(invoke_without_command=True)
def bench(
    only: Annotated[
        list[Name] | None, typer.Option("--only", help="Only this part; may be given again.", show_default=False)
    ] = None,
    scale: Annotated[float, typer.Option(min=0.0001, max=10, help="The share of the usual sizes.")] = 1.0,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of the replay's three kinds; they take turns.")] = 2,
    results: Annotated[Path, typer.Option(help="Where to write the figures.")] = RESULTS,
) -> None:
    """Measure everything, or some parts, and write the figures.

    Exit code 1 if a part lost, repeated or disordered anything.
    """
    size = Size(scale, rounds)
    report = json.loads(results.read_text(encoding="utf-8")) if only and results.exists() else {}
    chosen = list(dict.fromkeys(only or PARTS))
    broken: list[Name] = []
    tables: list[Table] = []
    for name in chosen:
        part = PARTS[name]
        err.print(f"[bold]{part.title}[/]")
        found = _measured(part, size)
        tables.append(part.table(found))
        if not part.kept(found):
            broken.append(name)
        report |= {part.key: found} if part.key else found
        results.parent.mkdir(parents=True, exist_ok=True)
        results.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    for table in tables:
        out.print(table)
    err.print(f"Written to {results}")
    for name in broken:
        err.print(f"[bold red]{name}: promises were broken, see its table[/]")
    if broken:
        raise typer.Exit(FOUND_WRONG)


def _measured(part: Part, size: Size) -> dict[str, Any]:
    """The part's figures, with when, on what and at which scale they were measured, and how long it took."""
    at = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), "scale": size.scale}
    began = time.monotonic()
    found = part.measure(size)
    return at | found | {"took_seconds": round(time.monotonic() - began)}


if __name__ == "__main__":
    app()
