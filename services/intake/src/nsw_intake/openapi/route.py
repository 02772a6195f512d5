"""`GET /v1/openapi.json`: all of intake's HTTP, for anyone."""

from nsw_runtime.identity import GuardedRoute, guarded
from starlette.requests import Request
from starlette.responses import Response

from nsw_intake.cacheable import cacheable
from nsw_intake.openapi.document import openapi


def routes() -> list[GuardedRoute]:
    """The route."""
    return [guarded("/v1/openapi.json", _show, methods=["GET"], access="public")]


async def _show(request: Request) -> Response:
    return cacheable(request, openapi())
