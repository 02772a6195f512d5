"""The tail check: is the broker's copy of each stream what the journal says it is?

Pure judgement over the last record of a partition, the stream's head, and the id the journal holds at that place:

- the record is older than `published`, or there is none and never was: the broker lost records; send again from there;
- it is newer than the head, or it is another fact than the journal's at that position: *Postgres* was restored to a
  point behind the broker; the stream must not go on, or new facts would reuse positions and be taken for repeats;
- otherwise they agree.
"""

from dataclasses import dataclass

from nsw_contracts.envelope import ID, POSITION

from nsw_runtime.kafka import Tail


@dataclass(frozen=True, slots=True)
class Head:
    """A stream's head row."""

    topic: str
    partition: int
    position: int
    published: int


@dataclass(frozen=True, slots=True)
class Agrees:
    """The copy is good up to the broker's last record."""

    tail: int


@dataclass(frozen=True, slots=True)
class BrokerLost:
    """Send again from the position after `tail`."""

    tail: int


@dataclass(frozen=True, slots=True)
class BrokerAhead:
    """The broker holds facts up to `tail` that the journal lacks."""

    tail: int


Judgement = Agrees | BrokerLost | BrokerAhead


def tail_position(tail: Tail) -> int | None:
    """The journal position of the last record; 0 where nothing was ever written, None where it cannot be told.

    None: all records have expired, or the last one was not written by us.
    """
    if tail.last is None:
        return 0 if tail.end == 0 else None
    header = dict(tail.last.headers).get(POSITION) or b""
    return int(header) if header.isdigit() else None


def tail_id(tail: Tail) -> str:
    """The id of the fact in the last record."""
    return (dict(tail.last.headers).get(ID) or b"").decode("utf-8", "replace") if tail.last else ""


def judge(head: Head, tail: Tail, journal_id: str | None) -> Judgement:
    """Compare one stream. `journal_id` is the id at the tail's position, None where the journal has archived it."""
    position = tail_position(tail)
    if position is None:
        return Agrees(head.published)
    if position > head.position:
        return BrokerAhead(position)
    if position and journal_id is not None and journal_id != tail_id(tail):
        return BrokerAhead(position)
    if position < head.published:
        return BrokerLost(position)
    return Agrees(position)
