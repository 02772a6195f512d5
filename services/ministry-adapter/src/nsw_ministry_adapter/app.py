"""The ministry adapter's composition root."""

import logging
from collections.abc import Sequence
from functools import partial

from nsw_contracts.adapter.redaction import Redaction
from nsw_runtime.server import run
from nsw_runtime.service import ServiceBase
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from nsw_ministry_adapter.desk.adapter import DeskAdapter
from nsw_ministry_adapter.desk.routes import DeskRoutes
from nsw_ministry_adapter.door import AnswerDoor
from nsw_ministry_adapter.hosting import Hosted, close_agencies, open_agencies
from nsw_ministry_adapter.polling import poll
from nsw_ministry_adapter.routes import AgencyRoutes
from nsw_ministry_adapter.settings import AdapterSettings, read_agencies
from nsw_ministry_adapter.subscribers import subscribe
from nsw_ministry_adapter.transport import AgencyTransport
from nsw_ministry_adapter.watch import Watch


def build(settings: AdapterSettings) -> Starlette:
    """The ministry adapter as a Starlette application."""
    agencies = read_agencies(settings.agencies_file)
    service = ServiceBase("ministry-adapter", settings)
    redaction = Redaction()
    for handler in logging.getLogger().handlers:  # whoever logs: adapters bring libraries of their own
        handler.addFilter(redaction)
    hosted: dict[str, Hosted] = {}

    async def parts() -> Sequence[BaseRoute]:
        hosted.update(await open_agencies(agencies, settings, service.pool, service.clock, redaction))
        door = AnswerDoor(service.pool, service.clock, service.relay.wake)
        watch = Watch(service.pool, service.clock, hosted)
        subscribe(service, agencies)
        sender = service.send(AgencyTransport(hosted, watch.paused, door.early, service.telemetry), keep=door.keep)
        service.beside(partial(watch.run, sender.tell))
        for one in hosted.values():
            if "poll" in one.adapter.capabilities.answers:
                service.beside(partial(poll, one, door, lambda code: sender.owns(code) and not watch.paused(code)))
        desks = {code: one.adapter for code, one in hosted.items() if isinstance(one.adapter, DeskAdapter)}
        for desk in desks.values():
            desk.furnish(service.pool)
        return [
            *AgencyRoutes(hosted, door, settings.largest_message).routes(),
            *DeskRoutes(desks, service.pool, service.callers, service.clock).routes(),
        ]

    async def closing() -> None:
        await close_agencies(hosted)

    return service.application(parts, closing=closing)


def main() -> None:
    """Run the ministry adapter."""
    run(AdapterSettings, build)
