"""Routing's composition root."""

from collections.abc import Sequence

from nsw_procedures.packs import packs
from nsw_runtime.server import run
from nsw_runtime.service import ServiceBase
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from nsw_routing import store
from nsw_routing.draws import Draws
from nsw_routing.handlers import CaseHandler
from nsw_routing.routes import InspectionDays
from nsw_routing.settings import RoutingSettings
from nsw_routing.subscribers import subscribe


def build(settings: RoutingSettings) -> Starlette:
    """Routing as a Starlette application."""
    service = ServiceBase("routing", settings)

    packs()  # a pack that cannot be used stops the service here, not at its first dossier

    async def parts() -> Sequence[BaseRoute]:
        async with service.pool.acquire() as connection:
            draws = Draws(await store.secret(connection))
        subscribe(service, CaseHandler(draws))
        return InspectionDays(draws=draws, clock=service.clock).routes()

    return service.application(parts)


def main() -> None:
    """Run routing."""
    run(RoutingSettings, build)
