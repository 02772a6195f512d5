"""The floor and the pipeline side by side, and the pipeline with the whole life of a dossier: as JSON and as a table.

`floor` and `pipeline` carry the mix `plain`, `full` is the pipeline with the mix `full`. A rate is what a machine did
at that hour; CPU time a dossier says more where something else used the machine too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final, Literal, get_args

from rich.table import Table

from nsw_benchmarks.replay_result import ReplayResult

Kind = Literal["floor", "pipeline", "full"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
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
        del figures["by_agency"]  # long, and the same in every round
        return {"kind": self.kind, **figures}


def compare(rounds: Sequence[Round], machine: Mapping[str, Any], measured_at: str) -> dict[str, Any]:
    """The whole report: for each kind the median of its rounds, the ratios of their rates, and every round.

    `ratio` is the pipeline's rate over the floor's, `full_ratio` that of the full mix over that of the plain one.
    """
    report: dict[str, Any] = {"measured_at": measured_at, "machine": dict(machine)}
    for kind in KINDS:
        figures = [one.figures() for one in rounds if one.kind == kind]
        report[kind] = {
            "dossiers": figures[0]["dossiers"],
            "dossiers_per_second": _median(figures, "dossiers_per_second"),
            "facts": round(_median(figures, "facts")),
            "latency_ms": _medians(figures, "latency_ms"),
            "latency_all_ms": _medians(figures, "latency_all_ms"),
            "peak_rss_mb": _medians(figures, "peak_rss_mb"),
            "cores_busy": _median(figures, "cores_busy"),
            "cpu_ms_per_dossier": _medians(figures, "cpu_ms_per_dossier"),
            **{fault: sum(one[fault] for one in figures) for fault in BROKEN},
        }
    floor, pipeline, full = (report[kind] for kind in KINDS)
    report["ratio"] = round(pipeline["dossiers_per_second"] / floor["dossiers_per_second"], 3)
    report["full_ratio"] = round(full["dossiers_per_second"] / pipeline["dossiers_per_second"], 3)
    report["cpu_ratio"] = round(floor["cpu_ms_per_dossier"]["all"] / pipeline["cpu_ms_per_dossier"]["all"], 3)
    report["rounds"] = [one.figures() for one in rounds]
    return report


def kept(report: Mapping[str, Any]) -> bool:
    """Whether no round broke a promise."""
    return not any(report[kind][fault] for kind in KINDS for fault in BROKEN)


def comparison_table(report: Mapping[str, Any]) -> Table:
    """The report for a terminal."""
    floor, pipeline, full = (report[kind] for kind in KINDS)
    counts = ", ".join(f"{report[kind]['dossiers']:,}" for kind in KINDS)
    table = Table(title=f"Floor and pipeline, and the pipeline with the full mix: {counts} dossiers")
    for column in ("", "floor", "pipeline", "full mix", "floor ÷ pipeline", "full ÷ plain"):
        table.add_column(column, justify="right" if column else "left")

    def add(name: str, *values: float | None, digits: int = 0) -> None:
        cells = ["not known" if value is None else f"{value:,.{digits}f}" for value in values]
        of_floor, of_pipeline, of_full = values
        table.add_row(name, *cells, _share(of_floor, of_pipeline), _share(of_full, of_pipeline))

    table.add_row(
        "[bold]dossiers a second",
        *(f"[bold]{report[kind]['dossiers_per_second']:,.0f}" for kind in KINDS),
        f"[bold]pipeline is {report['ratio']:.0%}",
        f"[bold]{report['full_ratio']:.2f}",
    )
    add("facts journaled", *(report[kind]["facts"] for kind in KINDS))
    for rank in pipeline["latency_ms"]:
        add(f"latency {rank}, ms", *(report[kind]["latency_ms"].get(rank) for kind in KINDS))
    for rank in pipeline["latency_all_ms"]:
        name = f"latency {rank} with what businesses do later, ms"
        table.add_row(name, "", "", f"{full['latency_all_ms'][rank] or 0:,.0f}", "", "")
    add("cores kept busy", *(report[kind]["cores_busy"] for kind in KINDS), digits=2)
    for name in pipeline["cpu_ms_per_dossier"]:
        values = [report[kind]["cpu_ms_per_dossier"].get(name) for kind in KINDS]
        add(f"CPU of {name}, ms a dossier", *values, digits=3)
    for name in pipeline["peak_rss_mb"]:
        add(f"peak memory of {name}, MB", *(report[kind]["peak_rss_mb"].get(name) for kind in KINDS))
    for fault in BROKEN:
        style = "bold red" if any(one[fault] for one in (floor, pipeline, full)) else "green"
        table.add_row(fault.replace("_", " "), *(f"{report[kind][fault]:,}" for kind in KINDS), "", "", style=style)
    return table


def _share(value: float | None, of: float | None) -> str:
    return f"{value / of:.2f}" if value and of else ""


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
