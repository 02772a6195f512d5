"""The tail check's judgement, case by case: what the broker's last record says of a stream."""

from dataclasses import dataclass, field

import pytest
from nsw_contracts.envelope import ID, POSITION
from nsw_runtime.kafka import Tail
from nsw_runtime.tail_check import Agrees, BrokerAhead, BrokerLost, Head, Judgement, judge


@dataclass
class Record:
    headers: list[tuple[str, bytes | None]] = field(default_factory=list)


def tail(position: int, fact: str = "f") -> Tail:
    return Tail(0, position, Record([(POSITION, b"%d" % position), (ID, fact.encode())]))


NOTHING_EVER = Tail(0, 0, None)
ALL_EXPIRED = Tail(900, 900, None)
FOREIGN = Tail(0, 901, Record([("other", b"header")]))
NULL_POSITION = Tail(0, 901, Record([(POSITION, None)]))

CASES = {
    "both empty": (0, 0, NOTHING_EVER, None, Agrees(0)),
    "nothing sent yet": (5, 0, NOTHING_EVER, None, Agrees(0)),
    "all there": (5, 5, tail(5), "f", Agrees(5)),
    "sent, and the ack not noted": (9, 5, tail(7), "f", Agrees(7)),
    "the broker lost its end": (9, 9, tail(4), "f", BrokerLost(4)),
    "the broker was wiped": (9, 9, NOTHING_EVER, None, BrokerLost(0)),
    "the broker's records expired": (9, 9, ALL_EXPIRED, None, Agrees(9)),
    "the last record is not ours": (9, 9, FOREIGN, None, Agrees(9)),
    "the last record has a null position": (9, 9, NULL_POSITION, None, Agrees(9)),
    "Postgres is behind": (5, 5, tail(9), None, BrokerAhead(9)),
    "Postgres is behind and was empty": (0, 0, tail(9), None, BrokerAhead(9)),
    "Postgres is behind and has stated others since": (9, 5, tail(9), "another", BrokerAhead(9)),
    "others since, beyond the broker's end": (12, 5, tail(9), "another", BrokerAhead(9)),
    "the journal has archived that position": (9, 9, tail(9), None, Agrees(9)),
}


@pytest.mark.parametrize(("position", "published", "last", "journal_id", "expected"), CASES.values(), ids=CASES)
def test_judgement(position: int, published: int, last: Tail, journal_id: str | None, expected: Judgement) -> None:
    assert judge(Head("t", 0, position, published), last, journal_id) == expected
