"""What the notifier's routes share: parameters, whose a subscription is, and how a business's rows are reached."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from nsw_runtime.clock import Clock
from nsw_runtime.database import UNAVAILABLE, Connection, Pool, on_behalf_of
from nsw_runtime.identity import caller_of
from nsw_runtime.problems import FieldError, Problem, unavailable
from starlette.requests import Request

from nsw_notifier import errors, store
from nsw_notifier.subscription import Subscription


def asked(request: Request, name: str, default: str | None = None) -> str:
    """A query parameter.

    Raises:
        Problem: 422, it is missing and has no default.
    """
    value = request.query_params.get(name, default)
    if value is None:
        raise Problem(
            422, "missing-parameter", "A parameter is missing", f"Add ?{name}= to the address.",
            errors=[FieldError(f"/{name}", "is missing")],
        )  # fmt: skip
    return value


def moment(request: Request, name: str, default: datetime) -> datetime:
    """A query parameter that is a time (RFC 3339 with its zone).

    Raises:
        Problem: 422, it is none.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        found = datetime.min  # refused in the next line  # noqa: DTZ901
    if found.tzinfo is None:
        raise Problem(
            422, "bad-parameter", "A time is not usable", f"Give {name} as 2026-03-02T09:00:00+07:00.",
            errors=[FieldError(f"/{name}", "is no time with its zone (RFC 3339)")],
        )  # fmt: skip
    return found


class Doors:
    """Whose rows a request may reach, over one pool."""

    def __init__(self, *, pool: Pool, clock: Clock) -> None:
        self.pool = pool
        self.clock = clock

    @asynccontextmanager
    async def of(self, request: Request) -> AsyncIterator[tuple[Subscription, Connection]]:
        """The subscription a request names, and a transaction in its business's name.

        Raises:
            Problem: 404, there is none, or it is another business's; 503.
        """
        name = request.path_params["subscription"]
        async with self.reaching():
            async with self.pool.acquire() as connection:
                found = await store.by_id(connection, name)
            if found is None or not caller_of(request).acts_for(found.declarant):
                raise errors.not_found()
            async with on_behalf_of(self.pool, found.declarant) as connection:
                again = await store.by_id(connection, name)
                if again is None:
                    raise errors.not_found()
                yield again, connection

    @asynccontextmanager
    async def reaching(self) -> AsyncIterator[None]:
        """What Postgres' being away comes to.

        Raises:
            Problem: 503.
        """
        try:
            yield
        except UNAVAILABLE as error:
            raise unavailable("Subscriptions cannot be reached now. Send the request again.") from error
