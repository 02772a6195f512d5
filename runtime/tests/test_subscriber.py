"""What FastStream is told of each consumer: nothing is acknowledged for us, and its place in the group is its own."""

import pytest
from faststream import AckPolicy
from nsw_runtime.consumer import BatchConsumer
from nsw_runtime.health import Health
from nsw_runtime.settings import ServiceSettings
from nsw_runtime.subscriber import subscribe


@pytest.mark.parametrize("instance", ["0", "pod-7"])
async def test_every_consumer_is_a_static_member_that_acknowledges_nothing_by_itself(instance: str) -> None:
    settings = ServiceSettings(
        database_url="-", kafka_bootstrap_servers="127.0.0.1:1", http_port=1, instance=instance, batch_records=77
    )
    consumers = [
        BatchConsumer(group=group, topics=topics, applier=None, health=Health())  # type: ignore[arg-type]
        for group, topics in {"one": ["a", "b"], "other": ["c"]}.items()
    ]
    broker = subscribe(consumers, "routing", settings)
    subscribers = sorted(broker.subscribers, key=lambda each: each.group_id)  # FastStream keeps a set of them
    assert [(each.group_id, each.topic_names) for each in subscribers] == [("one", ["a", "b"]), ("other", ["c"])]
    for subscriber, consumer in zip(subscribers, consumers, strict=True):
        assert subscriber.ack_policy is AckPolicy.MANUAL
        told = subscriber._connection_args
        assert told["group_instance_id"] == f"{consumer.group}-{instance}"
        assert told["auto_offset_reset"] == "earliest", "a group without offsets reads from the beginning"
        assert subscriber.max_records == 77
