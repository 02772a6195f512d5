"""Every FastStream subscriber of every service leaves acknowledging to us: the other policies commit what failed."""

from pathlib import Path

import pytest
from faststream import AckPolicy
from faststream.kafka.subscriber.usecase import LogicSubscriber
from nsw_contracts.topics import SERVICES, TOPICS, Service
from nsw_runtime.subscriber import subscribe
from support.applications import composed
from support.scratch import Database


@pytest.mark.parametrize("service", SERVICES)
async def test_acknowledging_is_manual_everywhere(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: Service
) -> None:
    async with composed(service, database, tmp_path, monkeypatch) as (base, _):
        broker = subscribe(base._consumers, service, base.settings)
        subscribers = [each for each in broker.subscribers if isinstance(each, LogicSubscriber)]
        assert len(subscribers) == len(broker.subscribers) == len(base._consumers)
        assert {each.ack_policy for each in subscribers} == {AckPolicy.MANUAL}
        read = {topic for each in subscribers for topic in each.topic_names}
        assert read == {topic.name for topic in TOPICS if service in topic.readers}
