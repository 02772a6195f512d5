"""The door for agencies: `POST /v1/agencies/{agency}/messages`, read and answered in the words of its adapter."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

import asyncpg
from nsw_contracts.adapter import Inbound, Reply
from nsw_runtime.bodies import read_body
from nsw_runtime.database import UNAVAILABLE
from nsw_runtime.identity import caller_of, guarded
from nsw_runtime.problems import Problem, unavailable
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from nsw_ministry_adapter.door import AnswerDoor
from nsw_ministry_adapter.giving import MESSAGES
from nsw_ministry_adapter.hosting import Hosted

log = logging.getLogger(__name__)


class AgencyRoutes:
    """The routes, over the hosted agencies."""

    def __init__(self, hosted: Mapping[str, Hosted], door: AnswerDoor, largest: int) -> None:
        self._hosted = hosted
        self._door = door
        self._largest = largest

    def routes(self) -> Sequence[BaseRoute]:
        """All of them."""
        return [guarded(MESSAGES, self.receive, methods=["POST"], access="agency")]

    async def receive(self, request: Request) -> Response:
        """Take a request of an agency's system."""
        agency = request.path_params["agency"]
        own = ("agency-system", agency) in caller_of(request).rights
        hosted = self._hosted.get(agency) if own else None
        if hosted is None or "callback" not in hosted.adapter.capabilities.answers:
            raise Problem(
                404, "no-such-agency", "No such agency", "This window takes no messages for this agency here."
            )
        inbound = Inbound(headers=dict(request.headers), body=await read_body(request, self._largest))
        try:
            async with asyncio.timeout(hosted.seconds):
                read = await hosted.adapter.receive(inbound)
                if isinstance(read, Reply):
                    return _response(read)
                judged = await self._door.take(hosted.code, read)
                return _response(await hosted.adapter.acknowledge(inbound, judged))
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            raise unavailable("Nothing was taken in. Send the same message again, with the same id.") from error
        except Exception as error:
            log.exception("an adapter raised while it received", extra={"agency": hosted.code})
            raise Problem(
                500,
                "adapter-fault",
                "Fault of the window",
                "The message could not be handled. Tell the window's operator.",
            ) from error


def _response(reply: Reply) -> Response:
    return Response(reply.body, reply.status, dict(reply.headers), media_type=reply.media_type)
