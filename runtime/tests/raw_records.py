"""Raw Kafka records made by hand, and a consumer that stands where it is put."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiokafka import TopicPartition
from nsw_contracts.envelope import POSITION, fact_id, headers
from nsw_contracts.events import DELIVERED, Delivered, Fact
from nsw_runtime.stream_reader import Placed

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
TOPIC = "nsw.agency-results.v1"
NUMBER = "260000000017"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass(frozen=True)
class Record:
    """A record as aiokafka gives it."""

    offset: int = 0
    key: bytes | None = None
    value: bytes | None = None
    headers: Iterable[tuple[str, bytes | None]] = ()
    topic: str = TOPIC
    partition: int = 0


def at(position: int, offset: int = 0) -> Record:
    """A record of which only the position matters."""
    return Record(offset, headers=[(POSITION, str(position).encode())])


def delivered(position: int = 1, *, traceparent: str | None = None) -> Record:
    """A good record of one fact."""
    return of_fact(
        DELIVERED, Delivered(number=NUMBER, agency="BYTE", message_id="m", delivered_at=AT), position, traceparent
    )


def of_fact(kind: str, fact: Fact, position: int = 1, traceparent: str | None = None) -> Record:
    head = headers(
        fact_type=kind, fact=fact_id(fact.number, kind), writer="ministry-adapter", key=fact.key,
        position=position, recorded_at=AT, traceparent=traceparent,
    )  # fmt: skip
    return Record(position, fact.number.encode(), fact.model_dump_json().encode(), head)


def placed(record: Record) -> Placed:
    return Placed(1, dict(record.headers), record)


@dataclass
class StandingConsumer:
    """The consumer's side of one partition: where it stands, where the log ends, what it was told."""

    stream: tuple[str, int] = (TOPIC, 0)
    at: int = 0
    end: int = 0
    assigned: bool = True
    looked_back: int = 0
    sought: list[int] = field(default_factory=list)

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition(*self.stream)} if self.assigned else set()

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought.append(offset)
        self.at = offset

    async def seek_to_beginning(self, *partitions: TopicPartition) -> bool:
        assert partitions == (TopicPartition(*self.stream),)
        self.looked_back += 1
        self.at = 0
        return True

    async def position(self, partition: TopicPartition) -> int:
        return self.at

    def highwater(self, partition: TopicPartition) -> int | None:
        return self.end

    async def commit(self) -> None: ...
