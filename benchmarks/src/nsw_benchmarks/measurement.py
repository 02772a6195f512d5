"""What is read from outside the services: their counters, their memory and CPU time, and what latencies come to."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import aiohttp

FACTS_COUNTER = "nsw_journal_facts_total"
_KIB_PER_MIB = 1024


async def facts_by_service(session: aiohttp.ClientSession, services: Mapping[str, str]) -> dict[str, int]:
    """Facts each service has journaled since it started, from its `/metrics`.

    Args:
        session: the client to ask with.
        services: base URL by service name.

    Raises:
        aiohttp.ClientError: a service did not answer.
    """
    counts = {}
    for name, url in services.items():
        async with session.get(f"{url}/metrics", raise_for_status=True) as answer:
            counts[name] = counter_sum(await answer.text(), FACTS_COUNTER)
    return counts


def counter_sum(exposition: str, name: str) -> int:
    """The sum over all labels of one counter in Prometheus' text format; 0 where it does not occur."""
    return round(
        sum(
            float(line.rpartition("}")[2].split()[0] if "}" in line else line.split()[1])
            for line in exposition.splitlines()
            if line.startswith((f"{name}{{", f"{name} "))
        )
    )


def counted_since(before: Mapping[str, int], after: Mapping[str, int]) -> int:
    """How far the counters moved in all; one that fell belongs to a service restarted meanwhile."""
    return sum(count - before.get(name, 0) if count >= before.get(name, 0) else count for name, count in after.items())


def peak_rss_mb(pid: int, proc: Path = Path("/proc")) -> float | None:
    """The most memory a process has held so far, in MiB; None if it ended or the system does not tell."""
    try:
        status = (proc / str(pid) / "status").read_text(encoding="ascii")
    except OSError:
        return None
    peaks = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return next((round(int(kib) / _KIB_PER_MIB, 1) for kib in peaks), None)


def cpu_seconds(pid: int, proc: Path = Path("/proc")) -> float | None:
    """CPU time of a process and its children, those that ended included, in seconds; None as for `peak_rss_mb`."""
    try:
        # After the name, which is in brackets and may hold blanks: utime, stime, cutime, cstime are fields 14 to 17.
        fields = (proc / str(pid) / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        children = [child for task in (proc / str(pid) / "task").iterdir() for child in _children(task)]
    except OSError:
        return None
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(cpu_seconds(child, proc) or 0.0 for child in children)


def _children(task: Path) -> list[int]:
    try:
        return [int(child) for child in (task / "children").read_text(encoding="ascii").split()]
    except OSError:
        return []  # the thread has just ended


def percentiles(values: Iterable[float], ranks: Sequence[int]) -> dict[str, float]:
    """Nearest-rank percentiles as `{"p50": ..., "p99": ...}`; empty for no values."""
    ordered = sorted(values)
    if not ordered:
        return {}
    return {f"p{rank}": ordered[max(0, -(-rank * len(ordered) // 100) - 1)] for rank in ranks}
