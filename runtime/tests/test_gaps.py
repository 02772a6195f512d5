"""A missing position: looked back for once, then said loudly, and healed when it comes."""

from nsw_runtime.gaps import Gaps
from nsw_runtime.health import Health
from nsw_runtime.stream_reader import read_stream
from raw_records import TOPIC, StandingConsumer, at

STREAM = (TOPIC, 0)
CONDITION = f"group.gap.{TOPIC}.0"


class Reading:
    """One consumer's stream: `read` takes a batch in as the applier would, then lets the gaps be followed."""

    def __init__(self) -> None:
        self.health = Health()
        self.gaps = Gaps("group", self.health)
        self.consumer = StandingConsumer(end=100)
        self.progress = 0

    async def read(self, *positions: int, to: int) -> None:
        """A batch with these positions, after which the consumer stands at offset `to`."""
        reading = read_stream([at(position) for position in positions], self.progress)
        self.progress += len(reading.ready)
        self.consumer.at = to
        await self.gaps.follow({STREAM: reading}, {STREAM: self.progress}, self.consumer)


async def test_a_whole_stream_is_left_alone() -> None:
    at_work = Reading()
    await at_work.read(1, 2, 3, to=3)
    await at_work.read(2, 3, 4, to=100)
    assert (at_work.consumer.looked_back, at_work.health.against) == (0, {})


async def test_it_looks_back_once_then_reads_on_then_stands_still_loudly() -> None:
    at_work = Reading()
    await at_work.read(1, 2, 4, to=3)
    assert at_work.consumer.looked_back == 1
    await at_work.read(1, 2, 4, to=3)  # what it looked back on; a resend may follow
    await at_work.read(5, 6, to=5)
    assert (at_work.consumer.looked_back, at_work.health.against) == (1, {})
    await at_work.read(7, to=100)
    assert at_work.consumer.looked_back == 1
    said = at_work.health.against[CONDITION]
    assert "position 3 is missing" in said
    assert f"nsw stream republish {TOPIC} 0 --from 3" in said


async def test_it_heals_when_the_position_comes_and_looks_back_for_what_stood_beyond() -> None:
    at_work = Reading()
    await at_work.read(1, 2, 4, to=3)
    await at_work.read(1, 2, 4, to=100)
    assert not at_work.health.ready
    await at_work.read(3, to=100)
    assert at_work.health.ready
    assert at_work.consumer.looked_back == 2, "4 was seen but not applied, so it is read again"
    await at_work.read(1, 2, 4, 3, to=100)
    assert at_work.progress == 4
    await at_work.read(5, to=100)
    assert (at_work.consumer.looked_back, at_work.health.against) == (2, {})


async def test_a_second_hole_is_looked_for_anew() -> None:
    at_work = Reading()
    await at_work.read(1, 3, 5, to=100)
    await at_work.read(1, 3, 5, to=100)
    assert "position 2 is missing" in at_work.health.against[CONDITION]
    await at_work.read(2, 3, 5, to=100)
    assert (at_work.health.ready, at_work.consumer.looked_back) == (True, 2)
    await at_work.read(1, 3, 5, 2, to=100)
    assert "position 4 is missing" in at_work.health.against[CONDITION]


async def test_a_stream_taken_away_takes_its_gap_along() -> None:
    at_work = Reading()
    await at_work.read(2, to=100)
    await at_work.read(2, to=100)
    assert not at_work.health.ready
    at_work.gaps.forget(STREAM)
    assert at_work.health.ready


async def test_a_stream_of_somebody_else_is_not_sought_in() -> None:
    at_work = Reading()
    at_work.consumer.assigned = False
    await at_work.read(2, to=100)
    assert (at_work.consumer.looked_back, at_work.health.against) == (0, {})
