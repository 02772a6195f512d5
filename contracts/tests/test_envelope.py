"""Our headers, read by the CloudEvents project's own SDK."""

import json
from datetime import UTC, datetime

import pytest
from cloudevents.kafka import KafkaMessage, from_binary
from hypothesis import given, settings
from hypothesis import strategies as st
from nsw_contracts import envelope
from nsw_contracts.events import FACTS

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
RECORDED = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def headers(fact_type, number="260000000019", traceparent=TRACE):
    return envelope.headers(
        fact_type=fact_type,
        fact=envelope.fact_id("cause", fact_type),
        writer="intake",
        key=number,
        position=42,
        recorded_at=RECORDED,
        traceparent=traceparent,
    )


@pytest.mark.parametrize("fact_type", FACTS)
@settings(deadline=None, max_examples=5)
@given(data=st.data())
def test_the_official_sdk_reads_our_messages(fact_type, facts, data):
    fact = data.draw(facts(fact_type))
    message = KafkaMessage(
        headers=dict(headers(fact_type, fact.key)),
        key=fact.key.encode(),
        value=fact.model_dump_json().encode(),
    )

    event = from_binary(message)

    assert event["specversion"] == "1.0"
    assert event["type"] == fact_type
    assert event["id"] == envelope.fact_id("cause", fact_type)
    assert event["source"] == "/nsw/intake"
    assert event["subject"] == fact.key
    assert datetime.fromisoformat(event["time"]) == RECORDED
    assert event["dataschema"] == f"urn:nsw:schema:{fact_type}"
    assert event["datacontenttype"] == "application/json"
    assert event.get_data() == json.loads(fact.model_dump_json())


def test_no_header_is_repeated_and_each_is_ascii():
    head = headers("vn.nsw.dossier.submitted.v1")
    assert len(dict(head)) == len(head)
    for name, value in head:
        assert name.isascii()
        value.decode("ascii")


def test_traceparent_is_left_out_when_there_is_no_trace():
    assert dict(headers("t"))[envelope.TRACEPARENT] == TRACE.encode()
    assert envelope.TRACEPARENT not in dict(headers("t", traceparent=None))


def test_a_fact_s_id_is_a_function_of_its_cause():
    assert envelope.fact_id("c", "t", "BYTE") == envelope.fact_id("c", "t", "BYTE")
    ids = {envelope.fact_id(*cause) for cause in [("c", "t"), ("c", "t", "x"), ("c", "tx"), ("ct", ""), ("d", "t")]}
    assert len(ids) == 5
    assert all(len(one) == 32 for one in ids)
