"""What a batch of raw Kafka records means for one stream: which to apply, which are repeats, what is missing.

Pure. Records are put in the order of their positions first, so that a batch that was shuffled or said several times
reads like one that was not. Nothing beyond a missing position is ever applied.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

from nsw_contracts.envelope import POSITION

POSITION_DIGITS: Final = 18  # what a Postgres bigint surely holds


class RawRecord(Protocol):
    """The part of `aiokafka.ConsumerRecord` that is read here."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Iterable[tuple[str, bytes | None]]: ...


class Placed(NamedTuple):
    """A record with its journal position and its headers (the last one of a name counts)."""

    position: int
    headers: dict[str, bytes | None]
    record: RawRecord


class Reading(NamedTuple):
    """One stream's part of a batch.

    `ready` follows on from the progress without a gap; `unplaced` has no readable position; `repeats` counts records at
    or below progress; `beyond` is the highest position seen past a missing one, or 0.
    """

    ready: list[Placed]
    unplaced: list[RawRecord]
    repeats: int
    beyond: int


def read_stream(records: Iterable[RawRecord], progress: int) -> Reading:
    """Sort out one stream's records, given the last position applied."""
    placed: list[Placed] = []
    unplaced: list[RawRecord] = []
    for record in records:
        headers = dict(record.headers)
        position = _position(headers.get(POSITION))
        if position is None:
            unplaced.append(record)
        else:
            placed.append(Placed(position, headers, record))
    placed.sort(key=_by_position)
    ready: list[Placed] = []
    repeats = beyond = 0
    for candidate in placed:
        if candidate.position <= progress:
            repeats += 1
        elif candidate.position == progress + 1:
            ready.append(candidate)
            progress += 1
        else:
            beyond = candidate.position
    return Reading(ready, unplaced, repeats, beyond)


def _by_position(candidate: Placed) -> int:
    return candidate.position


def _position(header: bytes | None) -> int | None:
    if header is None or not header.isdigit() or len(header) > POSITION_DIGITS:
        return None
    return int(header) or None
