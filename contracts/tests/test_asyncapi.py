"""The AsyncAPI document says what `topics` and `events` say, and each of its references leads somewhere."""

import re
from datetime import UTC, datetime

import pytest
from nsw_contracts import envelope
from nsw_contracts.asyncapi import CARRIES, asyncapi
from nsw_contracts.events import FACTS, DossierFact
from nsw_contracts.schemas import CONTRACTS
from nsw_contracts.topics import SERVICES, TOPICS

DOCUMENT = asyncapi()


def references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)


@pytest.mark.parametrize("reference", sorted(set(references(DOCUMENT))))
def test_every_reference_leads_somewhere(reference):
    if reference.startswith("#/"):
        node = DOCUMENT
        for token in reference[2:].split("/"):
            node = node[token]
    else:
        assert (CONTRACTS / reference).is_file()


def test_every_fact_travels_and_every_topic_carries_something():
    assert set(CARRIES) == {topic.name for topic in TOPICS}
    assert {fact_type for carried in CARRIES.values() for fact_type in carried} == set(FACTS)


def test_a_fact_type_has_one_writer():
    for fact_type in FACTS:
        assert len({topic.writer for topic in TOPICS if fact_type in CARRIES[topic.name]}) == 1


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_is_a_channel_with_one_sender_and_its_readers(topic):
    channel = DOCUMENT["channels"][topic.name]
    assert channel["address"] == topic.name
    assert channel["bindings"]["kafka"]["partitions"] == topic.partitions
    about = [
        (operation["tags"][0]["name"], operation["action"])
        for operation in DOCUMENT["operations"].values()
        if operation["channel"]["$ref"] == f"#/channels/{topic.name}"
    ]
    assert sorted(about) == sorted([(topic.writer, "send"), *((reader, "receive") for reader in topic.readers)])


def test_every_service_takes_part():
    assert {operation["tags"][0]["name"] for operation in DOCUMENT["operations"].values()} == set(SERVICES)


@pytest.mark.parametrize("fact_type", FACTS)
def test_the_headers_described_are_the_headers_sent(fact_type):
    described = DOCUMENT["components"]["messages"][fact_type]["headers"]
    (writer,) = {topic.writer for topic in TOPICS if fact_type in CARRIES[topic.name]}
    sent = {
        name: value.decode()
        for name, value in envelope.headers(
            fact_type=fact_type,
            fact=envelope.fact_id("cause", fact_type),
            writer=writer,
            key="260000000019" if issubclass(FACTS[fact_type], DossierFact) else "0100109106",
            position=1,
            recorded_at=datetime(2026, 3, 1, tzinfo=UTC),
            traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        )
    }
    assert list(sent) == list(described["properties"])
    assert list(sent)[:-1] == described["required"]
    for name, rule in described["properties"].items():
        assert rule.get("const", sent[name]) == sent[name]
        assert sent[name] in rule.get("enum", [sent[name]])
        assert re.search(rule.get("pattern", ""), sent[name])
