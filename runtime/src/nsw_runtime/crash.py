"""Named crash points: places where a process may die, so that tests can make it die exactly there.

`NSW_CRASH_AT=relay.send.after:3` kills the process with SIGKILL the third time it passes that point. Unset, passing a
point costs one comparison.
"""

import os
import signal
from typing import Final, Literal, get_args

from nsw_runtime.errors import BadSettings

CrashPoint = Literal[
    "door.transaction.before",
    "door.transaction.after",
    "document.chunk.before",
    "document.chunk.after",
    "document.manifest.before",
    "document.manifest.after",
    "consumer.transaction.before",
    "consumer.transaction.after",
    "consumer.offsets.before",
    "consumer.offsets.after",
    "relay.send.before",
    "relay.send.after",
    "relay.published.after",
    "sender.request.before",
    "sender.request.after",
    "sender.transaction.after",
]
CRASH_POINTS: Final[tuple[CrashPoint, ...]] = get_args(CrashPoint)

_armed: CrashPoint | None = None
_passes_left = 0


def arm(setting: str) -> None:
    """Arm one crash point from `name` or `name:pass`; the empty string arms none.

    Raises:
        BadSettings: there is no such point, or the pass is no number from 1 on.
    """
    global _armed, _passes_left  # noqa: PLW0603  # one process has one crash to come
    name, _, passes = setting.partition(":")
    _armed = next((point for point in CRASH_POINTS if point == name), None)
    if name and _armed is None:
        raise BadSettings(f"NSW_CRASH_AT: no crash point {name!r}; there are {', '.join(CRASH_POINTS)}")
    if passes and not (passes.isdecimal() and int(passes)):
        raise BadSettings(f"NSW_CRASH_AT: the pass {passes!r} is not a number from 1 on")
    _passes_left = int(passes or 1)


def crash_point(name: CrashPoint) -> None:
    """Pass a place where the process may die. Dies here if it is armed and its pass has come."""
    global _passes_left  # noqa: PLW0603
    if name != _armed:
        return
    _passes_left -= 1
    if _passes_left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
