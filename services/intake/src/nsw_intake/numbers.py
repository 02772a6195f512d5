"""New dossier numbers, counted up from a random place in the year's thousand million.

Not a Postgres sequence: a database restored to an older point would give numbers a second time. Each process starts
somewhere of its own; where it runs into numbers already given, it starts again elsewhere.
"""

import secrets
from collections.abc import Callable

from nsw_contracts.number import SERIAL_LIMIT, dossier_number


class Numbers:
    """Gives numbers. `start` picks where to count from; tests inject their own."""

    def __init__(self, start: Callable[[], int] = lambda: secrets.randbelow(SERIAL_LIMIT)) -> None:
        self._start = start
        self._next = start()

    def give(self, count: int, year: int) -> list[str]:
        """So many numbers of a year, all different."""
        first = self._next
        self._next = (first + count) % SERIAL_LIMIT
        return [dossier_number(year, (first + index) % SERIAL_LIMIT) for index in range(count)]

    def move_on(self) -> None:
        """Some of these were taken: go on from another place."""
        self._next = self._start()
