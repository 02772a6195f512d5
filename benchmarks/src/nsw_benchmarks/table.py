"""A replay's result as tables for a terminal."""

from rich.console import Group
from rich.table import Table

from nsw_benchmarks.replay_result import ReplayResult
from nsw_benchmarks.stories import NAMES


def result_table(result: ReplayResult) -> Group:
    """The figures, one a row, broken promises in red; below them what became of each ministry's dossiers."""
    return Group(_figures(result), agency_table(result))


def _figures(result: ReplayResult) -> Table:
    table = Table(title="The country's replay")
    table.add_column("")
    table.add_column("figure", justify="right")
    table.add_row("dossiers", f"{result.dossiers:,}")
    for command, filed in sorted(result.commands.items()):
        table.add_row(f"{command}s filed afterwards", f"{filed:,}")
    table.add_row("seconds", f"{result.seconds:,.1f}")
    table.add_row("dossiers a second", f"{result.dossiers_per_second:,.0f}")
    table.add_row("facts journaled", f"{result.facts:,}")
    for rank, milliseconds in result.latency_ms.items():
        table.add_row(f"latency {rank}, ms", f"{milliseconds:,.0f}")
    if result.commands:
        for rank, milliseconds in result.latency_all_ms.items():
            table.add_row(f"latency {rank} with what businesses do later, ms", f"{milliseconds:,.0f}")
    for name in ("lost", "repeated", "out_of_order", "unexpected", "bad_signatures"):
        count: int = getattr(result, name)
        table.add_row(name.replace("_", " "), f"{count:,}", style="bold red" if count else "green")
    table.add_row("wire repeats", f"{result.wire_repeats:,}")
    for service, peak in result.peak_rss_mb.items():
        table.add_row(f"peak memory of {service}, MB", "not known" if peak is None else f"{peak:,.0f}")
    return table


def agency_table(result: ReplayResult) -> Table:
    """Dossiers acknowledged for each ministry and what became of them, the busiest first."""
    names = [name for name in NAMES if any(name in stories for stories in result.by_agency.values())]
    table = Table(title="Dossiers by ministry")
    table.add_column("ministry")
    for name in ("dossiers", "share", *names):
        table.add_column(name, justify="right")
    for agency, stories in sorted(result.by_agency.items(), key=lambda item: -sum(item[1].values())):
        of_agency = sum(stories.values())
        counts = [f"{stories[name]:,}" if name in stories else "" for name in names]
        table.add_row(agency, f"{of_agency:,}", f"{of_agency / result.dossiers:.1%}", *counts)
    return table
