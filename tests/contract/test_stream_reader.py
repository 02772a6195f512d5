"""The stream reader against a model: whatever a broker does to a stream, each position is applied once, in order."""

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from nsw_contracts.envelope import POSITION
from nsw_runtime.stream_reader import read_stream


@dataclass
class Record:
    """A raw record; `headers` may hold anything."""

    headers: list[tuple[str, bytes | None]]
    topic: str = "t"
    partition: int = 0
    offset: int = 0
    key: bytes | None = b"k"
    value: bytes | None = b"v"


def at(position: int) -> Record:
    return Record([(POSITION, b"%d" % position)])


def read_all(batches: list[list[Record]], progress: int = 0) -> list[int]:
    """The positions applied over several batches, as a consumer keeps its progress."""
    applied: list[int] = []
    for batch in batches:
        ready = read_stream(batch, progress).ready
        applied += [placed.position for placed in ready]
        progress = applied[-1] if applied else progress
    return applied


@st.composite
def mangled(draw: st.DrawFn) -> tuple[int, list[list[Record]]]:
    """A stream of n positions: some dropped, some said again, all shuffled, cut into batches."""
    length = draw(st.integers(1, 25))
    said = draw(st.lists(st.integers(1, length), max_size=60))
    order = draw(st.permutations(said))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=6)))
    edges = [0, *cuts, len(order)]
    return length, [[at(each) for each in order[a:b]] for a, b in pairwise(edges)]


@given(mangled())
def test_whatever_comes_is_applied_once_in_order_and_never_beyond_a_gap(case: tuple[int, list[list[Record]]]) -> None:
    _, batches = case
    applied = read_all(batches)
    assert applied == list(range(1, len(applied) + 1))
    came = {int(dict(record.headers)[POSITION] or 0) for batch in batches for record in batch}
    assert set(applied) <= came


@given(mangled())
def test_said_again_from_the_beginning_it_becomes_whole(case: tuple[int, list[list[Record]]]) -> None:
    """Whatever was lost before: a resend of everything leaves nothing out and repeats nothing."""
    length, batches = case
    applied = read_all([*batches, [at(each) for each in range(1, length + 1)]])
    assert applied == list(range(1, length + 1))


@given(st.lists(st.integers(1, 30)), st.integers(0, 30))
def test_each_record_is_ready_a_repeat_or_beyond(positions: list[int], progress: int) -> None:
    reading = read_stream([at(each) for each in positions], progress)
    reached = progress + len(reading.ready)
    beyond = [each for each in positions if each > reached]
    assert reading.repeats + len(reading.ready) + len(beyond) == len(positions)
    assert reading.beyond == max(beyond, default=0)
    assert reached + 1 not in positions
    assert reading.unplaced == []


@given(st.lists(st.tuples(st.just(POSITION), st.none() | st.binary(max_size=25)), max_size=3))
def test_no_header_makes_it_raise(headers: list[tuple[str, bytes | None]]) -> None:
    reading = read_stream([Record(headers)], 0)
    assert len(reading.ready) + len(reading.unplaced) + bool(reading.beyond) == 1
