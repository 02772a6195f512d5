"""From a raw Kafka record to a readable fact, or to the reason why it is none. Each record is judged by itself.

Reasons name a field and a rule, never the value: it may hold personal data.
"""

import re
from collections.abc import Mapping
from typing import Final

from nsw_contracts.envelope import ID, TRACEPARENT, TYPE
from nsw_contracts.events import READ_AS
from pydantic import TypeAdapter, ValidationError

from nsw_runtime.handling import Event
from nsw_runtime.quarantine import Unreadable
from nsw_runtime.stream_reader import Placed, RawRecord
from nsw_runtime.text import holds_nul

_READERS: Final = {kind: TypeAdapter(model).validator.validate_json for kind, model in READ_AS.items()}
_TRACEPARENT: Final = re.compile(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def read_event(placed: Placed) -> Event | Unreadable:
    """The fact in a record, or why it cannot be read. Never raises."""
    record, headers = placed.record, placed.headers
    try:
        fact_type = (headers.get(TYPE) or b"").decode()
        fact_id = (headers.get(ID) or b"").decode()
    except UnicodeDecodeError:
        return Unreadable(record, placed.position, "headers: not UTF-8")
    read = _READERS.get(fact_type)
    if read is None or not fact_id.isalnum():
        return Unreadable(record, placed.position, f"headers: no ce_id, or unknown ce_type {fact_type!r}")
    if holds_nul(record.value or b""):
        return Unreadable(record, placed.position, "value: holds NUL")
    try:
        fact = read(record.value or b"")
    except ValidationError as error:
        # Field and rule only: the value may hold personal data.
        rules = "; ".join(f"{'/'.join(map(str, e['loc']))} {e['type']}" for e in error.errors(include_input=False)[:3])
        return Unreadable(record, placed.position, f"value: {rules}")
    if (record.key or b"") != fact.key.encode():
        return Unreadable(record, placed.position, "key: is not what the value is about")
    place = (record.topic, record.partition, placed.position)
    return Event(*place, fact_type, fact_id, _traceparent(headers), fact, record.value or b"")


def trace_of(record: RawRecord) -> str | None:
    """The record's `traceparent`, whatever else is wrong with it."""
    return _traceparent(dict(record.headers))


def _traceparent(headers: Mapping[str, bytes | None]) -> str | None:
    """The `traceparent` in these headers; one that is none is left out, for it would be written on as it is."""
    value = headers.get(TRACEPARENT)
    return value.decode() if value is not None and _TRACEPARENT.fullmatch(value) else None


def contradiction(event: Event, reason: str) -> Unreadable:
    """A readable fact that contradicts what is known."""
    return Unreadable(_StoredRecord(event), event.position, f"contradiction: {reason}")


class _StoredRecord:
    """An event in the shape of the record it came from. Its offset is unknown: minus its position stands in."""

    def __init__(self, event: Event) -> None:
        self.topic = event.topic
        self.partition = event.partition
        self.offset = -event.position
        self.key: bytes | None = event.key.encode()
        self.value: bytes | None = event.value
        self.headers: list[tuple[str, bytes | None]] = [(TYPE, event.type.encode()), (ID, event.id.encode())]
        if event.traceparent:
            self.headers.append((TRACEPARENT, event.traceparent.encode()))
