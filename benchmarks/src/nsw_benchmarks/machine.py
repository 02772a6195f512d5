"""What a measurement was made on: figures mean nothing without it."""

import os
import platform
from pathlib import Path
from typing import Any

_KIB_PER_GIB = 1024 * 1024


def machine() -> dict[str, Any]:
    """Processor, cores this process may use, memory in GiB, system, Python, and how busy it was before (load)."""
    return {
        "processor": _first("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": _memory_gib(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def _memory_gib() -> float | None:
    total = _first("/proc/meminfo", "MemTotal")
    return round(int(total.split()[0]) / _KIB_PER_GIB, 1) if total else None


def _first(file: str, name: str) -> str | None:
    """The first value of that name in a file of `name : value` lines; None where there is no such file or line."""
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)
