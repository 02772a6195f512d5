"""The notifier's HTTP: subscriptions, many at a time.

Nobody is authenticated yet: it belongs on loopback only.
"""

import json
from typing import Final

from nsw_runtime.clock import Clock
from nsw_runtime.database import UNAVAILABLE, Pool
from nsw_runtime.problems import FieldError, Problem, unavailable
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nsw_notifier import subscriptions
from nsw_notifier.subscriptions import SubscriptionRequest

NDJSON: Final = "application/x-ndjson"
BODY_BYTES: Final = 8 * 1024 * 1024
LINES: Final = 5_000


class Routes:
    """The handlers, over one pool."""

    def __init__(self, *, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    def routes(self) -> list[Route]:
        """The routes."""
        return [Route("/v1/subscriptions", self.subscribe, methods=["POST"])]

    async def subscribe(self, request: Request) -> Response:
        """`POST /v1/subscriptions`: NDJSON, one subscription a line; a line for each with its id and its secret.

        All of them are put in force, or none.
        """
        body = await request.body()
        lines = [line for line in body.split(b"\n") if line.strip()]
        if len(body) > BODY_BYTES or len(lines) > LINES:
            raise Problem(
                413,
                "too-large",
                "The body is too large",
                f"At most {LINES:,} lines and {BODY_BYTES:,} bytes.",
            )
        wanted = [_read(number, line) for number, line in enumerate(lines, 1)]
        try:
            async with self._pool.acquire() as connection:
                given = await subscriptions.save(connection, wanted, self._clock())
        except UNAVAILABLE as error:
            raise unavailable("The subscriptions could not be stored now. Send them again.") from error
        answers = []
        for one in wanted:
            subscription, secret = given[one.declarant, str(one.url)]
            answers.append(json.dumps({"id": subscription, "declarant": one.declarant, "secret": secret}) + "\n")
        return Response("".join(answers), media_type=NDJSON)


def _read(number: int, line: bytes) -> SubscriptionRequest:
    try:
        return SubscriptionRequest.model_validate_json(line)
    except ValidationError as error:
        errors = [
            FieldError("".join(f"/{part}" for part in found["loc"]), f"line {number}: {found['msg']}")
            for found in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise Problem(
            422,
            "invalid-subscription",
            "A subscription is not valid",
            "Correct it and send all again.",
            errors=errors,
        ) from None
