"""One agency's circuit: after failures in a row its lane rests by the schedule, and is probed by a few messages.

Only what happens to the lane as a whole counts. One dossier that fails while others get through waits by itself.
"""

import random
from collections.abc import Sequence
from typing import Final, Literal

PROBE: Final = 8
"""Messages that go while the circuit is open. More than one: the first may be one that fails by itself."""

State = Literal["well", "resting", "misconfigured"]


class Circuit:
    """Counts failures in a row. `schedule`: seconds to wait after the first, the second, …; the last one repeats."""

    def __init__(self, schedule: Sequence[float], opens_after: int) -> None:
        self._schedule = tuple(schedule)
        self._opens_after = opens_after
        self._failures = 0
        self._misconfigured = False
        self.reason = ""

    @property
    def open(self) -> bool:
        """Whether only probes go."""
        return self._misconfigured or self._failures >= self._opens_after

    @property
    def state(self) -> State:
        """What an operator is told."""
        if self._misconfigured:
            return "misconfigured"
        return "resting" if self.open else "well"

    def well(self) -> None:
        """Something got through, or was refused by an agency that answers."""
        self._failures, self._misconfigured, self.reason = 0, False, ""

    def failed(self, reason: str, *, misconfigured: bool = False) -> float:
        """Nothing of a group got through; gives the seconds to rest, spread over their upper half."""
        self._failures += 1
        self._misconfigured = misconfigured
        self.reason = reason
        return self.wait(self._failures - 1)

    def wait(self, failures_before: int) -> float:
        """Seconds to wait after so many earlier failures, with jitter."""
        seconds = self._schedule[min(failures_before, len(self._schedule) - 1)]
        return seconds * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, not a secret
