"""Each service's own composition root, run to where its routes and consumers are made; Kafka is not connected."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

import pytest
from nsw_cli.services import PACKAGES
from nsw_cli.system import System
from nsw_contracts.topics import Service
from nsw_local import Ports
from nsw_runtime.service import ServiceBase
from nsw_runtime.settings import ServiceSettings
from starlette.applications import Starlette

from support.scratch import Database


@asynccontextmanager
async def composed(
    service: Service, database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[ServiceBase, Starlette]]:
    """A service and its application, told what the local stack tells it."""
    found: list[ServiceBase] = []
    make = ServiceBase.application

    def note(self: ServiceBase, *args, **options) -> Starlette:
        found.append(self)
        return make(self, *args, **options)

    system = System(folder, Ports(), database.url, "127.0.0.1:1", database.password, {})
    for name, value in system.service(service).env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(ServiceBase, "application", note)
    app_module = import_module(f"{PACKAGES[service]}.app")
    (settings_kind,) = [
        each
        for each in vars(app_module).values()
        if isinstance(each, type) and issubclass(each, ServiceSettings) and each is not ServiceSettings
    ]
    application = app_module.build(settings_kind())
    async with application.router.lifespan_context(application):
        yield found[0], application
