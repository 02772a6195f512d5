import re

import pytest
from nsw_contracts.topics import AGENCIES, AGENCY_TOPICS, BY_NAME, SERVICES, TOPICS, murmur2, written_by


@pytest.mark.parametrize(
    ("key", "signed"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ],
)
def test_murmur2_is_kafka_s(key, signed):
    """The vectors of Kafka's own UtilsTest."""
    assert murmur2(key) == signed & 0x7FFFFFFF


def test_every_topic_has_one_writer_and_stands_once():
    assert len(BY_NAME) == len(TOPICS)
    written = [topic.name for service in SERVICES for topic in written_by(service)]
    assert sorted(written) == sorted(BY_NAME)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_is_one_that_kafka_can_hold(topic):
    assert re.fullmatch(r"nsw\.[a-z-]+(\.[a-z]+)?\.v[0-9]+", topic.name)
    assert topic.partitions >= 1
    assert topic.writer not in topic.readers
    assert len(set(topic.readers)) == len(topic.readers)


def test_every_agency_has_its_topic():
    assert list(AGENCY_TOPICS) == list(AGENCIES)
