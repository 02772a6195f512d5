"""Routing's composition root."""

from collections.abc import Sequence

from nsw_runtime.server import run
from nsw_runtime.service import ServiceBase
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from nsw_routing.settings import RoutingSettings
from nsw_routing.subscribers import subscribe


def build(settings: RoutingSettings) -> Starlette:
    """Routing as a Starlette application."""
    service = ServiceBase("routing", settings)

    async def parts() -> Sequence[BaseRoute]:
        subscribe(service)
        return ()

    return service.application(parts)


def main() -> None:
    """Run routing."""
    run(RoutingSettings, build)
