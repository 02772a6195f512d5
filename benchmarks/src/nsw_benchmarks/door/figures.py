"""The door's figures: the bare door and intake side by side, as JSON and as a table.

CPU time a submission says more than rates where something else used the machine too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final, Literal, get_args

from rich.table import Table

from nsw_benchmarks.door.judge import Verdict
from nsw_benchmarks.door.load import Figures

Kind = Literal["bare", "intake"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Round:
    """One load on one of the doors; `cpu_ms` is CPU time a submission by process, in milliseconds."""

    kind: Kind
    figures: Figures
    cpu_ms: Mapping[str, float]


def report(rounds: Sequence[Round], half: Round, connections: int, verdict: Verdict) -> dict[str, Any]:
    """Medians of the rounds; `half`: intake at half of its rate. `not_taken` counts answers that are no 202."""
    by_kind = {kind: [one for one in rounds if one.kind == kind] for kind in KINDS}
    bare, intake = (median(one.figures.per_second for one in by_kind[kind]) for kind in KINDS)
    refused = [one for one in (*rounds, half) if set(one.figures.statuses) != {"202"}]
    return {
        "submissions": by_kind["intake"][0].figures.accepted,
        "connections": connections,
        "bare_per_second": round(bare),
        "per_second": round(intake),
        "ratio": round(intake / bare, 3),
        "half_per_second": round(half.figures.per_second),
        "p99_ms_at_half": half.figures.latency_ms["p99"],
        "latency_ms_at_half": half.figures.latency_ms,
        "bare_cpu_ms": _medians([one.cpu_ms for one in by_kind["bare"]]),
        "cpu_ms": _medians([one.cpu_ms for one in by_kind["intake"]]),
        "not_taken": [one.figures.statuses for one in refused],
        **verdict._asdict(),
        "rounds": [{"kind": one.kind, **one.figures._asdict(), "cpu_ms": dict(one.cpu_ms)} for one in rounds],
    }


def kept(found: Mapping[str, Any]) -> bool:
    """Whether everything was taken, and everything taken was found."""
    return not (found["not_taken"] or found["lost"] or found["repeated"])


def door_table(found: Mapping[str, Any]) -> Table:
    """The report for a terminal."""
    table = Table(title=f"The door: {found['submissions']:,} signed submissions a round, one by one over HTTP")
    for column in ("", "bare door", "intake"):
        table.add_column(column, justify="right" if column else "left")
    table.add_row("[bold]submissions a second", f"{found['bare_per_second']:,}", f"[bold]{found['per_second']:,}")
    table.add_row("[bold]intake ÷ bare door", "", f"[bold]{found['ratio']:.2f}")
    for rank, milliseconds in found["latency_ms_at_half"].items():
        table.add_row(f"{rank} at {found['half_per_second']:,} a second, ms", "", f"{milliseconds:,.1f}")
    for name, milliseconds in found["cpu_ms"].items():
        bare = found["bare_cpu_ms"].get("bare" if name == "intake" else name)
        table.add_row(f"CPU of {name}, ms a submission", "" if bare is None else f"{bare:.3f}", f"{milliseconds:.3f}")
    for name in ("lost", "repeated"):
        table.add_row(name, "", f"{found[name]:,}", style="bold red" if found[name] else "green")
    for statuses in found["not_taken"]:
        table.add_row("answers by status", "", str(statuses), style="bold red")
    return table


def _medians(figures: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: round(median(one[name] for one in figures), 3) for name in figures[0]}
