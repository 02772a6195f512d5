"""Each record by itself: a fact, or a reason that names the rule and never the value."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nsw_contracts.envelope import ID, TRACEPARENT, TYPE
from nsw_contracts.events import DELIVERED
from nsw_runtime.handling import Event
from nsw_runtime.quarantine import Unreadable
from nsw_runtime.record_reader import contradiction, read_event, trace_of
from raw_records import NUMBER, TRACE, Record, delivered, placed

SECRET = "Nguyen Van A 0912345678"


def header(name: str, value: bytes | None) -> Record:
    record = delivered()
    return replace(record, headers=[(key, value if key == name else held) for key, held in record.headers])


def valued(value: bytes | None) -> Record:
    return replace(delivered(), value=value)


REASONS = {
    "a type that is not UTF-8": (header(TYPE, b"\xff"), "headers: not UTF-8"),
    "an id that is not UTF-8": (header(ID, b"\xff"), "headers: not UTF-8"),
    "an unknown type": (header(TYPE, b"vn.nsw.dossier.eaten.v1"), "headers: no ce_id, or unknown ce_type"),
    "a null type": (header(TYPE, None), "headers: no ce_id, or unknown ce_type ''"),
    "no headers": (replace(delivered(), headers=()), "headers: no ce_id, or unknown ce_type ''"),
    "no id": (header(ID, b""), "headers: no ce_id"),
    "an id with other than letters and digits": (header(ID, b'a"b'), "headers: no ce_id"),
    "an id with NUL": (header(ID, b"a\x00b"), "headers: no ce_id"),
    "bad JSON": (valued(b'{"number": "' + SECRET.encode()), "value:  json_invalid"),
    "no value": (valued(None), "value:  json_invalid"),
    "not UTF-8": (valued(b'{"number": "\xff"}'), "value: "),
    "another shape": (valued(f'["{SECRET}"]'.encode()), "value:  model_type"),
    "wrong fields": (
        valued(f'{{"number": "{SECRET}", "agency": 7, "delivered_at": "{SECRET}"}}'.encode()),
        "value: number string_pattern_mismatch; agency string_type; message_id missing",
    ),
    "a raw NUL": (valued(SECRET.encode() + b"\x00"), "value:  json_invalid"),
    "an escaped NUL": (valued(b'{"x": "\\u0000"}'), "value: holds NUL"),
    "another key": (replace(delivered(), key=b"260000000025"), "key: is not what the value is about"),
    "no key": (replace(delivered(), key=None), "key: is not what the value is about"),
}


@pytest.mark.parametrize("name", REASONS)
def test_every_reason(name: str) -> None:
    record, reason = REASONS[name]
    read = read_event(placed(record))
    assert isinstance(read, Unreadable)
    assert (read.record, read.position) == (record, 1)
    assert read.reason.startswith(reason)
    assert SECRET not in read.reason


def test_a_good_record_is_the_fact() -> None:
    record = delivered(traceparent=TRACE)
    read = read_event(placed(record))
    assert isinstance(read, Event)
    assert (read.topic, read.partition, read.position) == (record.topic, 0, 1)
    assert (read.type, read.key, read.traceparent, read.value) == (DELIVERED, NUMBER, TRACE, record.value)


@pytest.mark.parametrize("trace", [b"", b"\xff", b"00-\x00", b'00-"-x-01', TRACE.encode() + b"0", None])
def test_a_traceparent_that_is_none_is_left_out_and_spoils_nothing(trace: bytes | None) -> None:
    record = replace(delivered(), headers=[*delivered().headers, (TRACEPARENT, trace)])
    read = read_event(placed(record))
    assert isinstance(read, Event)
    assert read.traceparent is None
    assert trace_of(record) is None


@given(st.binary(max_size=80), st.binary(max_size=20) | st.none(), st.binary(max_size=20) | st.none())
def test_no_record_makes_it_raise(value: bytes, fact_type: bytes | None, key: bytes | None) -> None:
    record = replace(delivered(), value=value, key=key, headers=[(TYPE, fact_type), (ID, key), (TRACEPARENT, value)])
    assert isinstance(read_event(placed(record)), Unreadable)
    with_type = replace(record, headers=[(TYPE, DELIVERED.encode()), (ID, b"1")])
    assert isinstance(read_event(placed(with_type)), Unreadable)


def test_a_contradiction_keeps_what_the_record_said() -> None:
    event = read_event(placed(delivered(traceparent=TRACE)))
    assert isinstance(event, Event)
    put = contradiction(event, "cannot follow")
    assert put.reason == "contradiction: cannot follow"
    again = read_event(placed(put.record))
    assert again == event
