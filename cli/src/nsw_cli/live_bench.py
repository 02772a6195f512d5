"""The live part of `make bench`: how soon a business hears, on a new stack that is gone afterwards."""

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from nsw_benchmarks.identity import Identity
from nsw_benchmarks.live import LiveOptions, live
from nsw_local import Ports, Settings, Stack
from nsw_local.supervisor import start_all
from rich.table import Table

from nsw_cli.errors import ReportingGroup
from nsw_cli.output import out
from nsw_cli.steps import Steps
from nsw_cli.system import System

app = typer.Typer(cls=ReportingGroup, add_completion=False)


@app.callback(invoke_without_command=True)
def only(
    rate: Annotated[float, typer.Option(min=1, help="Dossiers a second.")] = 200.0,
    seconds: Annotated[float, typer.Option(min=1, help="How long it is measured.")] = 30.0,
    times: Annotated[int, typer.Option(min=1, help="How often, on the same stack.")] = 1,
) -> None:
    """Only this part, for a quick look: `python -m nsw_cli.live_bench`."""
    for figures in measure(rate=rate, seconds=seconds, times=times):
        out.print(live_table(figures))


def measure(*, rate: float = 200.0, seconds: float = 30.0, times: int = 1) -> list[dict[str, Any]]:
    """The figures of each run."""
    # Its own Kafka and Postgres, whatever the environment names: a benchmark writes into nobody's database.
    settings = replace(Settings.from_environment(), kafka_bootstrap=None, database_url=None)
    with (
        tempfile.TemporaryDirectory(prefix="nsw-live-") as folder,
        Stack(Path(folder) / "s", Ports.free(), settings) as stack,
    ):
        system = System.on(stack)
        spec = system.spec()
        with Steps() as steps:
            start_all(stack, spec, steps.begin)
        names = ("kafka", "postgres", *(process.name for process in spec.processes))
        options = LiveOptions(
            services=system.services,
            agencies_url=system.agencies_url,
            businesses_url=system.businesses_url,
            database_url=stack.database_url,
            identity=Identity(system.issuer_url),
            pids={name: stack.pid(name) for name in names},
            rate=rate,
            seconds=seconds,
        )
        return [asyncio.run(live(options)).figures() for _ in range(times)]


def live_table(figures: Mapping[str, Any]) -> Table:
    """The figures for a terminal."""
    table = Table(title=f"From a 202 to the webhook, {figures['dossiers']:,} dossiers at {figures['rate']:g} a second")
    for column in ("", "p50, ms", "p99, ms"):
        table.add_column(column, justify="right" if column else "left")
    table.add_row("[bold]to the first webhook", f"[bold]{figures['p50_ms']:,.0f}", f"[bold]{figures['p99_ms']:,.0f}")
    table.add_row("to the last webhook", f"{figures['last_p50_ms']:,.0f}", f"{figures['last_p99_ms']:,.0f}")
    table.add_row("from the request to the 202", *(f"{one:,.0f}" for one in figures["door_ms"].values()))
    for name, median in figures["stages_ms"].items():
        table.add_row(f"of that, until {name}", f"{median:,.1f}", "")
    for name, spent in figures["cpu_ms_per_dossier"].items():
        table.add_row(f"CPU of {name}, ms a dossier", f"{spent:,.3f}", "")
    lost = figures["lost"]
    table.add_row("never heard of", f"{lost:,}", "", style="bold red" if lost else "green")
    return table


if __name__ == "__main__":
    app()
