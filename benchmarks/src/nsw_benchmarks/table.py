"""A replay's result as tables for a terminal."""

from rich.table import Table

from nsw_benchmarks.replay import ReplayResult


def result_table(result: ReplayResult) -> Table:
    """The figures, one a row; broken promises in red."""
    table = Table(title="The country's replay")
    table.add_column("")
    table.add_column("figure", justify="right")
    table.add_row("dossiers", f"{result.dossiers:,}")
    table.add_row("seconds", f"{result.seconds:,.1f}")
    table.add_row("dossiers a second", f"{result.dossiers_per_second:,.0f}")
    table.add_row("facts journaled", f"{result.facts:,}")
    for rank, milliseconds in result.latency_ms.items():
        table.add_row(f"latency {rank}, ms", f"{milliseconds:,.0f}")
    for name in ("lost", "repeated", "out_of_order", "unexpected", "bad_signatures"):
        count: int = getattr(result, name)
        table.add_row(name.replace("_", " "), f"{count:,}", style="bold red" if count else "green")
    table.add_row("wire repeats", f"{result.wire_repeats:,}")
    for service, peak in result.peak_rss_mb.items():
        table.add_row(f"peak memory of {service}, MB", "not known" if peak is None else f"{peak:,.0f}")
    return table


def agency_table(result: ReplayResult) -> Table:
    """Dossiers acknowledged for each ministry, the busiest first."""
    table = Table(title="Dossiers by ministry")
    table.add_column("ministry")
    table.add_column("dossiers", justify="right")
    table.add_column("share", justify="right")
    for agency, count in sorted(result.by_agency.items(), key=lambda item: -item[1]):
        table.add_row(agency, f"{count:,}", f"{count / result.dossiers:.1%}")
    return table
