"""Run as a script, by path, with -I -S: ends the process groups it was told of when its parent is gone.

It reads lines from a pipe whose other end only its parent holds: `+GROUP SIGNAL` (watch) and `-GROUP`
(forget). End of file means that the parent ended, however it did: each watched group gets its signal and,
if it is still there after a grace, SIGKILL. So groups die whole, grandchildren too, on every system. (On
Linux launch.py also asks the kernel to end each child, in case this guard is killed together with the
parent.)
"""

import os
import signal
import sys
import time

GRACE_SECONDS = 5.0
POLL_SECONDS = 0.02


def main() -> None:
    """Returns after the groups are gone."""
    watched: dict[int, int] = {}
    for line in sys.stdin:
        if line.startswith("+"):
            group, number = line[1:].split()
            watched[int(group)] = int(number)
        else:
            watched.pop(int(line[1:]), None)
    left = {group for group, number in watched.items() if send(group, number)}
    deadline = time.monotonic() + GRACE_SECONDS
    while left and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        left = {group for group in left if send(group, 0)}
    for group in left:
        send(group, signal.SIGKILL)


def send(group: int, number: int) -> bool:
    """False if the group is gone."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS: a group of zombies
        return False
    return True


if __name__ == "__main__":
    main()
