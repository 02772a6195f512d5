"""Subscriptions: which business hears of which events, where, and singly or many at once."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

from nsw_contracts.events import CommandRefused, PublicFact, StatusChanged, TaxCode
from nsw_contracts.lifecycle import BUSINESS_ACTS, FINAL
from nsw_runtime.database import Connection
from pydantic import BaseModel, ConfigDict, HttpUrl

SECRET_BYTES: Final = 24  # Standard Webhooks: between 24 and 64


class SubscriptionRequest(BaseModel):
    """What a business asks for.

    `all` is every public fact; `results` are final statuses, those in which the business must act, and its commands
    that were refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    declarant: TaxCode
    url: HttpUrl
    delivery: Literal["single", "batch"] = "single"
    events: Literal["all", "results"] = "all"


class Subscription(NamedTuple):
    """A subscription in force. `secret` signs its webhooks."""

    id: str
    declarant: str
    url: str
    delivery: str
    events: str
    secret: str

    def wants(self, fact: PublicFact) -> bool:
        """Whether this subscription hears of this fact."""
        if self.events == "all" or isinstance(fact, CommandRefused):
            return True
        return isinstance(fact, StatusChanged) and (fact.status in FINAL or fact.status in BUSINESS_ACTS)


_SAVE: Final = """
insert into subscription (id, declarant, url, delivery, events, secret, created_at)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]),
    (select $7::timestamptz) as at
on conflict (declarant, url) do update set delivery = excluded.delivery, events = excluded.events
returning id, declarant, url, secret
"""
# LIMIT keeps the planner on the index whatever it believes of a table that was just filled.
_OF: Final = """
select s.* from unnest($1::text[]) as d(declarant) cross join lateral (
    select id, declarant, url, delivery, events, secret from subscription s where s.declarant = d.declarant limit 100
) s
"""
_BY_ID: Final = "select id, declarant, url, delivery, events, secret from subscription where id = $1"


def new_secret() -> str:
    """A signing secret in Standard Webhooks' form."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


async def save(
    connection: Connection, wanted: Sequence[SubscriptionRequest], at: datetime
) -> dict[tuple[str, str], tuple[str, str]]:
    """Put subscriptions in force; gives (id, secret) by (declarant, url). The same one asked for again keeps both."""
    unique = {(one.declarant, str(one.url)): one for one in wanted}
    ids = [f"sub_{secrets.token_hex(8)}" for _ in unique]
    rows = await connection.fetch(
        _SAVE,
        ids,
        [declarant for declarant, _ in unique],
        [url for _, url in unique],
        [one.delivery for one in unique.values()],
        [one.events for one in unique.values()],
        [new_secret() for _ in unique],
        at,
    )
    return {(row["declarant"], row["url"]): (row["id"], row["secret"]) for row in rows}


async def of_declarants(connection: Connection, declarants: Sequence[str]) -> dict[str, list[Subscription]]:
    """The subscriptions of these businesses."""
    found: dict[str, list[Subscription]] = {}
    for row in await connection.fetch(_OF, declarants):
        found.setdefault(row["declarant"], []).append(Subscription(*row))
    return found


async def by_id(connection: Connection, subscription: str) -> Subscription | None:
    """One subscription, or None where it was removed."""
    row = await connection.fetchrow(_BY_ID, subscription)
    return Subscription(*row) if row else None
