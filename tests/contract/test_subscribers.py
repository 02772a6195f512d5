"""Every FastStream subscriber of every service leaves acknowledging to us: the other policies commit what failed."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from faststream import AckPolicy
from faststream.kafka.subscriber.usecase import LogicSubscriber
from nsw_cli.services import PACKAGES
from nsw_contracts.topics import AGENCIES, SERVICES, TOPICS, Service
from nsw_runtime.service import ServiceBase
from nsw_runtime.settings import ServiceSettings
from nsw_runtime.subscriber import subscribe
from starlette.applications import Starlette
from support.scratch import Database


def _agency(code: str) -> dict[str, object]:
    settings = {"url": "http://127.0.0.1:1", "signatures": "none"}
    return {"code": code, "adapter": "rest-json", "settings": settings, "http": {"plain_loopback": True}}


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[Service, ServiceBase]]:
    """Each service's own composition root, run to where its consumers are made; Kafka is not connected."""
    found: dict[Service, ServiceBase] = {}
    make = ServiceBase.application

    def note(self: ServiceBase, *args, **options) -> Starlette:
        found[self.name] = self
        return make(self, *args, **options)

    agencies = tmp_path / "agencies.json"
    agencies.write_text(json.dumps([_agency(code) for code in AGENCIES]))
    monkeypatch.setattr(ServiceBase, "application", note)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("NSW_AGENCIES_FILE", str(agencies))
    return found


@pytest.mark.parametrize("service", SERVICES)
async def test_acknowledging_is_manual_everywhere(
    composed: dict[Service, ServiceBase], database: Database, monkeypatch: pytest.MonkeyPatch, service: Service
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.service_url(service))
    app_module = import_module(f"{PACKAGES[service]}.app")
    (settings_kind,) = [
        each
        for each in vars(app_module).values()
        if isinstance(each, type) and issubclass(each, ServiceSettings) and each is not ServiceSettings
    ]
    application = app_module.build(settings_kind())
    async with application.router.lifespan_context(application):
        base = composed[service]
        broker = subscribe(base._consumers, service, base.settings)
        subscribers = [each for each in broker.subscribers if isinstance(each, LogicSubscriber)]
        assert len(subscribers) == len(broker.subscribers) == len(base._consumers)
        assert {each.ack_policy for each in subscribers} == {AckPolicy.MANUAL}
        read = {topic for each in subscribers for topic in each.topic_names}
        assert read == {topic.name for topic in TOPICS if service in topic.readers}
