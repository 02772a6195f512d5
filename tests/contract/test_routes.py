"""Every route of every service says who may call it, and is known here: a new one fails until somebody has thought."""

from pathlib import Path

import pytest
from nsw_contracts.topics import SERVICES, Service
from nsw_runtime.identity import GuardedRoute
from support.access import ROUTES
from support.applications import composed
from support.scratch import Database


@pytest.mark.parametrize("service", SERVICES)
async def test_every_route_is_guarded_and_classified(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: Service
) -> None:
    async with composed(service, database, tmp_path, monkeypatch) as (_, application):
        found = {}
        for route in application.routes:
            assert isinstance(route, GuardedRoute), f"{route} is not guarded"
            for method in (route.methods or set()) - ({"HEAD"} if "GET" in (route.methods or ()) else set()):
                assert (method, route.path) not in found, "two routes of one address"
                found[method, route.path] = route.access
    assert found == ROUTES[service], "put a new route into support/access.py, with who may call it"
