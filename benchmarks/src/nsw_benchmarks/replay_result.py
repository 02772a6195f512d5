"""What a replay found."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What the country's dossiers went through.

    `seconds` run from the first submission to the last expected webhook; `latency_ms` (p50, p99) from a dossier's
    receipt to its last expected webhook, of dossiers whose business does nothing more after filing, `latency_all_ms`
    of all. `facts` are those the services journaled meanwhile, `cpu_seconds` what each process and its children used
    until the judge had heard everything. `by_agency` counts each lead agency's dossiers by story, `commands` what
    businesses asked for after filing.
    """

    mix: str
    dossiers: int
    seconds: float
    dossiers_per_second: float
    facts: int
    lost: int
    repeated: int
    out_of_order: int
    latency_ms: Mapping[str, float]
    latency_all_ms: Mapping[str, float]
    peak_rss_mb: Mapping[str, float | None]
    cpu_seconds: Mapping[str, float | None]
    wire_repeats: int
    unexpected: int
    bad_signatures: int
    commands: Mapping[str, int]
    by_agency: Mapping[str, Mapping[str, int]]
    examples: tuple[str, ...]

    def figures(self) -> dict[str, Any]:
        """The result as a JSON object, without the examples."""
        figures = asdict(self)
        del figures["examples"]
        return figures
