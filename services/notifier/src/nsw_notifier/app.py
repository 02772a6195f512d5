"""The notifier's composition root."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

import asyncpg
from nsw_runtime.database import UNAVAILABLE
from nsw_runtime.server import run
from nsw_runtime.service import ServiceBase
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from nsw_notifier import deliveries, stream_store
from nsw_notifier.delivery_routes import DeliveryRoutes
from nsw_notifier.directory import Directory
from nsw_notifier.doors import Doors
from nsw_notifier.email_sender import EmailSender
from nsw_notifier.endpoints import Endpoints
from nsw_notifier.letters import Letters
from nsw_notifier.mail_routes import MailRoutes
from nsw_notifier.mailer import Mailer
from nsw_notifier.routes import Routes
from nsw_notifier.settings import NotifierSettings
from nsw_notifier.signals import Signals
from nsw_notifier.stream_routes import StreamRoutes
from nsw_notifier.streams import Streams
from nsw_notifier.subscribers import subscribe
from nsw_notifier.subscription import challenges_of
from nsw_notifier.transport import LANES_AT_ONCE, NotifierTransport
from nsw_notifier.verification import Challenger
from nsw_notifier.webhook_sender import WebhookSender

log = logging.getLogger(__name__)

CLEAR_EVERY_SECONDS: Final = 600.0
UNVERIFIED_KEPT: Final = timedelta(days=7)


def build(settings: NotifierSettings) -> Starlette:
    """The notifier as a Starlette application."""
    service = ServiceBase("notifier", settings)
    endpoints: list[Endpoints] = []

    async def parts() -> Sequence[BaseRoute]:
        outside = Endpoints(settings)
        endpoints.append(outside)
        directory = Directory(service.pool)
        transport = NotifierTransport(
            settings=settings,
            directory=directory,
            webhooks=WebhookSender(
                settings=settings, endpoints=outside, clock=service.clock, telemetry=service.telemetry
            ),
            emails=EmailSender(
                settings=settings,
                mailer=Mailer(settings),
                letters=Letters(settings, service.clock),
                clock=service.clock,
            ),
            challenger=Challenger(endpoints=outside, clock=service.clock),
            clock=service.clock,
        )
        subscribe(service, directory)
        service.send(transport, keep=transport.keep, lanes_at_once=LANES_AT_ONCE)

        def changed(subscription: str | None) -> None:
            directory.forget(subscription)
            if subscription is not None and service.sender is not None:
                service.sender.hurry(subscription)
                service.sender.hurry(challenges_of(subscription))

        streams = Streams(pool=service.pool, clock=service.clock, on_commit=service.relay.wake)
        for loop in (streams.run, streams.beat, streams.note, partial(_end, service, streams)):
            service.beside(loop)
        signals = Signals(
            settings.database_url.get_secret_value(),
            on_changed=changed,
            on_turned=directory.forget,
            on_kept=streams.wake,
        )
        service.beside(signals.run)
        service.beside(partial(_clear, service, settings))
        doors = Doors(pool=service.pool, clock=service.clock)
        return [
            *Routes(doors=doors, settings=settings, endpoints=outside).routes(),
            *DeliveryRoutes(doors).routes(),
            *MailRoutes(doors, service.relay.wake).routes(),
            *StreamRoutes(doors, streams).routes(),
        ]

    async def closing() -> None:
        for each in endpoints:
            await each.close()

    return service.application(parts, closing=closing)


async def _clear(service: ServiceBase, settings: NotifierSettings) -> None:
    """Remove what has been kept long enough."""
    while True:
        now = service.clock()
        try:
            async with service.pool.acquire() as connection:
                while await deliveries.clear(
                    connection,
                    delivered_before=now - timedelta(days=settings.delivery_days),
                    waiting_before=now - timedelta(days=settings.waiting_days),
                    unverified_before=now - UNVERIFIED_KEPT,
                ):
                    pass
                while await stream_store.clear(connection, now - timedelta(days=settings.stream_days)):
                    pass
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            log.info("what is old is removed later", extra={"cause": type(error).__name__})
        await asyncio.sleep(CLEAR_EVERY_SECONDS)


async def _end(service: ServiceBase, streams: Streams) -> None:
    """Let every client of the live stream go when the service is told to stop, so that it need not wait for them."""
    await service.stopping.wait()
    streams.end()


def main() -> None:
    """Run the notifier."""
    run(NotifierSettings, build)
