"""A business's own delivery log over HTTP, and what was delivered sent once more."""

from datetime import UTC, datetime
from typing import Final

from nsw_runtime.identity import guarded
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from nsw_notifier import deliveries, errors, signals
from nsw_notifier.doors import Doors, moment

PAGE: Final = 50
LARGEST_PAGE: Final = 500
_STATUSES: Final = {"delivered": True, "failed": False}
_ONE: Final = "/v1/subscriptions/{subscription}"
_REPLAY: Final = f"{_ONE}/deliveries/{{delivery:int}}/replay"
_BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LAST: Final = 2**63 - 1


class DeliveryRoutes:
    """The handlers."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[BaseRoute]:
        """The routes."""
        return [
            guarded(f"{_ONE}/deliveries", self.recent, methods=["GET"], access="declarant"),
            guarded(_REPLAY, self.replay_one, methods=["POST"], access="declarant"),
            guarded(f"{_ONE}/replay", self.replay_range, methods=["POST"], access="declarant"),
        ]

    async def recent(self, request: Request) -> Response:
        """`GET …/deliveries?status=delivered|failed&before=ID&limit=50`: the latest first; `before` turns the page."""
        asked = request.query_params
        before, limit = asked.get("before", ""), asked.get("limit", "")
        async with self._doors.of(request) as (found, connection):
            page = await deliveries.recent(
                connection,
                found.id,
                before=int(before) if before.isdecimal() and len(before) < 19 else _LAST,  # noqa: PLR2004  # a bigint
                most=min(int(limit), LARGEST_PAGE) if limit.isdecimal() and len(limit) < 9 else PAGE,  # noqa: PLR2004
                taken=_STATUSES.get(asked.get("status", "")),
            )
        return JSONResponse({"deliveries": page})

    async def replay_one(self, request: Request) -> Response:
        """`POST …/deliveries/ID/replay`: what one delivery held goes out once more, each event with its own id."""
        async with self._doors.of(request) as (found, connection):
            events = await deliveries.replay_one(
                connection, found.id, request.path_params["delivery"], self._doors.clock()
            )
            if events is None:
                raise errors.no_delivery()
            await signals.tell_changed(connection, [found.id])
        return JSONResponse({"events": events}, status_code=202)

    async def replay_range(self, request: Request) -> Response:
        """`POST …/replay?since=…&until=…`: what was delivered in that time goes out once more, in its order."""
        now = self._doors.clock()
        since, until = moment(request, "since", _BEGINNING), moment(request, "until", now)
        async with self._doors.of(request) as (found, connection):
            try:
                events = await deliveries.replay_range(connection, found.id, since, until, now)
            except ValueError:
                raise errors.too_much_to_replay(deliveries.REPLAYED_AT_ONCE) from None
            await signals.tell_changed(connection, [found.id])
        return JSONResponse({"events": events}, status_code=202)
