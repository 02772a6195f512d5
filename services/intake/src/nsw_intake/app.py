"""Intake's composition root."""

from collections.abc import Awaitable, Callable, Sequence

from nsw_procedures.packs import packs
from nsw_runtime.server import run
from nsw_runtime.service import ServiceBase
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from nsw_intake.command_door import CommandDoor
from nsw_intake.documents.cabinet import Cabinet
from nsw_intake.documents.references import Referring
from nsw_intake.door import Door
from nsw_intake.incoming import BodyRoom
from nsw_intake.openapi.route import routes as openapi_routes
from nsw_intake.procedures import ProcedureRoutes
from nsw_intake.rate_limits import RateLimits
from nsw_intake.registrations import RegistrationRoutes
from nsw_intake.routes import Routes
from nsw_intake.settings import IntakeSettings
from nsw_intake.signing.setup import Signing, Trusted
from nsw_intake.subscribers import subscribe
from nsw_intake.vnsw_routes import VnswRoutes


def build(settings: IntakeSettings) -> Starlette:
    """Intake as a Starlette application."""
    service = ServiceBase("intake", settings)
    cabinet = Cabinet(settings)
    referring = Referring(required=settings.documents_required)
    trusted = Trusted.read(settings)
    rates = RateLimits(settings)
    closing: list[Callable[[], Awaitable[None]]] = []
    packs()  # a pack that cannot be used stops the service here, not at its first dossier

    async def parts() -> Sequence[BaseRoute]:
        subscribe(service)
        signing = Signing.build(trusted, settings, service.pool, service.clock)
        closing.append(signing.close)
        await signing.start()
        door = Door(
            pool=service.pool,
            clock=service.clock,
            relay=service.relay,
            referring=referring,
            signatures=signing.signatures,
            receipts=signing.receipts,
            rates=rates,
            waiting_most=settings.waiting_most,
        )
        commands = CommandDoor(
            pool=service.pool,
            clock=service.clock,
            relay=service.relay,
            referring=referring,
            signatures=signing.signatures,
            receipts=signing.receipts,
            rates=rates,
            waiting_most=settings.waiting_most,
        )
        routes = Routes(
            door=door,
            commands=commands,
            rates=rates,
            pool=service.pool,
            callers=service.callers,
            settings=settings,
            telemetry=service.telemetry,
            clock=service.clock,
        )
        vnsw = VnswRoutes(
            door=door,
            commands=commands,
            rates=rates,
            xml=signing.xml,
            settings=settings,
            telemetry=service.telemetry,
            clock=service.clock,
        )
        registrations = RegistrationRoutes(
            pool=service.pool,
            clock=service.clock,
            relay=service.relay,
            registrations=service.authenticator.registrations,
        )
        service.beside(cabinet.collector(service.pool, service.clock).run)
        return [
            *routes.routes(),  # first: most requests are for them, and each route before costs a look
            *cabinet.routes(service.pool, service.clock).routes(),
            *signing.routes,
            *vnsw.routes(),
            *registrations.routes(),
            *ProcedureRoutes(packs(), service.clock).routes(),
            *openapi_routes(),
        ]

    async def close() -> None:
        for part in closing:
            await part()

    app = service.application(parts, closing=close)
    app.state.body_room = BodyRoom(settings.bodies_bytes)
    return app


def main() -> None:
    """Run intake."""
    run(IntakeSettings, build)
