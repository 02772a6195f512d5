"""The floor and the pipeline side by side: what their rounds come to, as JSON and as a table.

A rate is what a machine did at that hour; CPU time a dossier says more where something else used the machine too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final, Literal

from rich.table import Table

from nsw_benchmarks.replay import ReplayResult

Kind = Literal["floor", "pipeline"]
KINDS: Final[tuple[Kind, ...]] = ("floor", "pipeline")
BROKEN: Final = ("lost", "repeated", "out_of_order", "unexpected", "bad_signatures")
_MS = 1000


@dataclass(frozen=True, slots=True)
class Round:
    """One run of one kind."""

    kind: Kind
    result: ReplayResult

    def figures(self) -> dict[str, Any]:
        """As a JSON object, with `cpu_ms_per_dossier` by process and of `all` but the driver, and `cores_busy`."""
        result = self.result
        spent = {name: seconds for name, seconds in result.cpu_seconds.items() if seconds is not None}
        each = {name: seconds * _MS / result.dossiers for name, seconds in spent.items()}
        figures = result.figures() | {
            # Postgres' memory is its backends', and mostly shared between them: the first process's says nothing.
            "peak_rss_mb": {name: peak for name, peak in result.peak_rss_mb.items() if name != "postgres"},
            "cpu_ms_per_dossier": {name: round(ms, 3) for name, ms in (each | {"all": sum(each.values())}).items()},
            "cores_busy": round(sum(spent.values()) / result.seconds, 2),
        }
        return {"kind": self.kind, **figures}


def compare(rounds: Sequence[Round], machine: Mapping[str, Any], measured_at: str) -> dict[str, Any]:
    """The whole report: for each kind the median of its rounds, the ratio of their rates, and every round."""
    report: dict[str, Any] = {"measured_at": measured_at, "machine": dict(machine)}
    for kind in KINDS:
        figures = [one.figures() for one in rounds if one.kind == kind]
        report[kind] = {
            "dossiers": figures[0]["dossiers"],
            "dossiers_per_second": _median(figures, "dossiers_per_second"),
            "facts": round(_median(figures, "facts")),
            "latency_ms": _medians(figures, "latency_ms"),
            "peak_rss_mb": _medians(figures, "peak_rss_mb"),
            "cores_busy": _median(figures, "cores_busy"),
            "cpu_ms_per_dossier": _medians(figures, "cpu_ms_per_dossier"),
            **{fault: sum(one[fault] for one in figures) for fault in BROKEN},
        }
    floor, pipeline = report["floor"], report["pipeline"]
    report["ratio"] = round(pipeline["dossiers_per_second"] / floor["dossiers_per_second"], 3)
    report["cpu_ratio"] = round(floor["cpu_ms_per_dossier"]["all"] / pipeline["cpu_ms_per_dossier"]["all"], 3)
    report["rounds"] = [one.figures() for one in rounds]
    return report


def kept(report: Mapping[str, Any]) -> bool:
    """Whether no round broke a promise."""
    return not any(report[kind][fault] for kind in KINDS for fault in BROKEN)


def comparison_table(report: Mapping[str, Any]) -> Table:
    """The report for a terminal."""
    floor, pipeline = report["floor"], report["pipeline"]
    table = Table(title=f"Floor and pipeline, {floor['dossiers']:,} and {pipeline['dossiers']:,} dossiers")
    for column in ("", "floor", "pipeline", "floor ÷ pipeline"):
        table.add_column(column, justify="right" if column else "left")

    def add(name: str, of_floor: float | None, of_pipeline: float | None, digits: int = 0) -> None:
        cells = ["not known" if value is None else f"{value:,.{digits}f}" for value in (of_floor, of_pipeline)]
        share = f"{of_floor / of_pipeline:.2f}" if of_floor and of_pipeline else ""
        table.add_row(name, *cells, share)

    table.add_row(
        "[bold]dossiers a second",
        f"[bold]{floor['dossiers_per_second']:,.0f}",
        f"[bold]{pipeline['dossiers_per_second']:,.0f}",
        f"[bold]pipeline is {report['ratio']:.0%}",
    )
    add("facts journaled", floor["facts"], pipeline["facts"])
    for rank in pipeline["latency_ms"]:
        add(f"latency {rank}, ms", floor["latency_ms"].get(rank), pipeline["latency_ms"][rank])
    add("cores kept busy", floor["cores_busy"], pipeline["cores_busy"], 2)
    for name, milliseconds in pipeline["cpu_ms_per_dossier"].items():
        add(f"CPU of {name}, ms a dossier", floor["cpu_ms_per_dossier"].get(name), milliseconds, 3)
    for name, peak in pipeline["peak_rss_mb"].items():
        add(f"peak memory of {name}, MB", floor["peak_rss_mb"].get(name), peak)
    for fault in BROKEN:
        style = "bold red" if floor[fault] or pipeline[fault] else "green"
        table.add_row(fault.replace("_", " "), f"{floor[fault]:,}", f"{pipeline[fault]:,}", "", style=style)
    return table


def _median(figures: Sequence[Mapping[str, Any]], name: str) -> float:
    values: list[float] = [one[name] for one in figures]
    return round(median(values), 2)


def _medians(figures: Sequence[Mapping[str, Any]], name: str) -> dict[str, float | None]:
    """Of each figure under this name; None where a round lacks it."""
    found: dict[str, float | None] = {}
    for each in figures[0][name]:
        values = [one[name].get(each) for one in figures]
        found[each] = None if None in values else round(median(value for value in values if value is not None), 3)
    return found
