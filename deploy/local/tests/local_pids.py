"""Which processes of a tree are left, read from /proc."""

import time
from pathlib import Path


def descendants(pid: int) -> set[int]:
    """All processes below `pid`."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (parent := _parent(int(entry.name))) is not None:
            children.setdefault(parent, []).append(int(entry.name))
    found: set[int] = set()
    todo = [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found.update(below)
        todo += below
    return found


def left_after(pids: set[int], seconds: float) -> set[int]:
    """Those still there when none should be any more; returns as soon as all are gone."""
    deadline = time.monotonic() + seconds
    while (left := {pid for pid in pids if _parent(pid) is not None}) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _parent(pid: int) -> int | None:
    """None if it is gone or a zombie."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in "ZX" else int(parent)
