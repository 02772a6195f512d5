"""Gaps: a position is missing between the last one applied and the one that came.

Nothing beyond it is applied. The stream is looked back on once from its beginning, then read on (a resend may follow);
where its end is reached without it, the stream stands still, loudly, and heals when the position comes
(`nsw stream republish`).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiokafka import TopicPartition

from nsw_runtime import metrics
from nsw_runtime.health import Health
from nsw_runtime.progress import Stream
from nsw_runtime.stream_reader import Reading

if TYPE_CHECKING:
    from nsw_runtime.consumer import KafkaConsumer

log = logging.getLogger(__name__)


@dataclass
class _Gap:
    """The stream waits for `missing`; positions up to `highest` have been seen."""

    missing: int
    highest: int
    looked_back: bool = False


class Gaps:
    """The open gaps of one consumer."""

    def __init__(self, group: str, health: Health) -> None:
        self._group = group
        self._health = health
        self._open: dict[Stream, _Gap] = {}

    def forget(self, stream: Stream) -> None:
        """The stream is no longer ours, or is being read anew."""
        if self._open.pop(stream, None) is not None:
            self._heal(stream)

    async def follow(
        self, readings: Mapping[Stream, Reading], reached: Mapping[Stream, int], consumer: "KafkaConsumer"
    ) -> None:
        """Open, close and look after gaps, once a batch has been applied up to `reached`."""
        for stream, reading in readings.items():
            gap = self._open.get(stream)
            if gap is None and not reading.beyond:
                continue
            if gap is None:
                gap = self._open[stream] = _Gap(reached[stream] + 1, reading.beyond)
                metrics.GAPS.labels(stream[0]).inc()
                log.warning("a position is missing; looking back", extra=_where(stream, gap))
            gap.highest = max(gap.highest, reading.beyond)
            if reached[stream] >= gap.highest:
                self.forget(stream)
                continue
            if reached[stream] >= gap.missing:
                gap.missing, gap.looked_back = reached[stream] + 1, False
                self._heal(stream)
            await self._look(stream, gap, consumer)

    async def _look(self, stream: Stream, gap: _Gap, consumer: "KafkaConsumer") -> None:
        place = TopicPartition(*stream)
        if place not in consumer.assignment():
            return
        if not gap.looked_back:
            gap.looked_back = True
            await consumer.seek_to_beginning(place)
            return
        if await consumer.position(place) < (consumer.highwater(place) or 0):
            return
        text = (
            f"{stream[0]}[{stream[1]}] stands still: position {gap.missing} is missing. "
            f"Send it again with `nsw stream republish {stream[0]} {stream[1]} --from {gap.missing}`"
        )
        if self._health.bad(_condition(self._group, stream), text):
            metrics.STOPPED.labels(stream[0], str(stream[1])).set(1)
            log.error(text, extra=_where(stream, gap))

    def _heal(self, stream: Stream) -> None:
        if self._health.good(_condition(self._group, stream)):
            metrics.STOPPED.labels(stream[0], str(stream[1])).set(0)
            log.warning(
                "the missing position came; the stream goes on",
                extra={"topic": stream[0], "partition": stream[1]},
            )


def _condition(group: str, stream: Stream) -> str:
    return f"{group}.gap.{stream[0]}.{stream[1]}"


def _where(stream: Stream, gap: _Gap) -> dict[str, object]:
    return {"topic": stream[0], "partition": stream[1], "missing": gap.missing, "seen": gap.highest}
