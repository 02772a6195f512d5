"""`make bench`: the floor, the pipeline and the pipeline with the full mix in turn, each round on a new stack.

The door is measured at the end, on a stack of its own (`door_bench.py`).

It lives here because only this package may start services; the floor and the figures are `nsw_benchmarks`'.
"""

import json
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from nsw_benchmarks.comparison import KINDS, Kind, Round, compare, comparison_table, kept
from nsw_benchmarks.door.figures import door_table
from nsw_benchmarks.door.figures import kept as door_kept
from nsw_benchmarks.identity import Identity
from nsw_benchmarks.machine import machine
from nsw_benchmarks.replay import ReplayOptions
from nsw_local import Ports, Process, Settings, Stack
from nsw_local.supervisor import start_all

from nsw_cli import door_bench, replaying
from nsw_cli.errors import FOUND_WRONG, ReportingGroup
from nsw_cli.output import err, out
from nsw_cli.steps import Steps
from nsw_cli.system import System

RESULTS: Final = Path("benchmarks/results/latest.json")
NAMES: Final[dict[Kind, str]] = {
    "floor": "the floor",
    "pipeline": "the pipeline",
    "full": "the pipeline, with the whole life of a dossier",
}
FLOOR: Final[dict[str, str]] = {
    "intake": "nsw_benchmarks.floor.intake",
    "routing": "nsw_benchmarks.floor.routing",
    "ministry-adapter": "nsw_benchmarks.floor.adapter",
    "notifier": "nsw_benchmarks.floor.notifier",
}

app = typer.Typer(cls=ReportingGroup, add_completion=False)


@app.callback(invoke_without_command=True)
def bench(
    dossiers: Annotated[int, typer.Option(min=1, help="How many to file in each round.")] = 100_000,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each; they take turns.")] = 2,
    results: Annotated[Path, typer.Option(help="Where to write the figures.")] = RESULTS,
) -> None:
    """Measure the floor and the pipeline side by side, on the plain mix and the pipeline on the full one too; the door.

    Exit code 1 if a round lost, repeated or disordered anything.
    """
    measured_at = datetime.now(UTC).isoformat(timespec="seconds")
    on = machine()
    done: list[Round] = []
    for number in range(1, rounds + 1):
        for kind in KINDS:
            err.print(f"[bold]Round {number} of {rounds}: {NAMES[kind]}[/]")
            done.append(_round(kind, dossiers))
    err.print("[bold]The door[/]")
    door = door_bench.measure(door_bench.Shape())
    report = compare(done, on, measured_at) | {"door": door}
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    out.print(comparison_table(report))
    out.print(door_table(door))
    err.print(f"Written to {results}")
    if not (kept(report) and door_kept(door)):
        raise typer.Exit(FOUND_WRONG)


def _round(kind: Kind, dossiers: int) -> Round:
    """One replay against a new stack, which is gone afterwards."""
    # Its own Kafka and Postgres, whatever the environment names: a benchmark writes into nobody's database.
    settings = replace(Settings.from_environment(), kafka_bootstrap=None, database_url=None)
    with (
        tempfile.TemporaryDirectory(prefix="nsw-bench-") as folder,
        Stack(Path(folder) / "s", Ports.free(), settings) as stack,
    ):
        system = System.on(stack)
        spec = system.spec()
        if kind == "floor":
            spec = replace(spec, processes=[_floor(process, system) for process in spec.processes])
        with Steps() as steps:
            start_all(stack, spec, steps.begin)
        names = ("kafka", "postgres", *(process.name for process in spec.processes))
        result = replaying.run(
            ReplayOptions(
                services=system.services,
                agencies_url=system.agencies_url,
                businesses_url=system.businesses_url,
                dossiers=dossiers,
                pids={name: stack.pid(name) for name in names},
                mix="full" if kind == "full" else "plain",
                identity=None if kind == "floor" else Identity(system.issuer_url),
            )
        )
    for example in result.examples:
        err.print(example, markup=False)
    return Round(kind, result)


def _floor(process: Process, system: System) -> Process:
    """The floor's process in a service's place; simulators stay what they are. Never restarted.

    It owns the tables: row-level security is part of the price of the pipeline, and none of the floor's.
    """
    module = FLOOR.get(process.name)
    if module is None:
        return process
    env = {**process.env, "DATABASE_URL": system.database_url}
    return replace(process, argv=[sys.executable, "-m", module], env=env, restart=False)


if __name__ == "__main__":
    app()
