"""The adapter: deliveries are laid on the desk in one transaction, officers' decisions are what the agency says.

The desk is in the host's own database, so nothing is lost between the two: a message that is known is taken, once. What
goes wrong before the COMMIT is sent is `TryAgain`; what goes wrong with it may have been done, and is `Unsure`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar, Final

import asyncpg
from nsw_contracts.adapter import (
    CannotSay,
    Capabilities,
    Context,
    Delivery,
    Judged,
    Known,
    Manifest,
    MinistryAdapter,
    Misconfigured,
    NotThere,
    Outcome,
    Said,
    Taken,
    TryAgain,
    Unsure,
    say,
)
from nsw_contracts.events import Routed
from nsw_runtime.database import UNAVAILABLE, Connection, Pool
from pydantic import BaseModel, ValidationError

from nsw_ministry_adapter.desk import item as rules
from nsw_ministry_adapter.desk import store

BATCH: Final = 200
DECISIONS_A_LOOK: Final = 200
_LOCKED_OUT: Final[tuple[type[Exception], ...]] = (
    asyncpg.InvalidAuthorizationSpecificationError,  # and a wrong password
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)
_ELSEWHERE: Final = "the desk lives in the window's own host; name it in the agencies' file of the ministry-adapter"


class DeskAdapter(MinistryAdapter):
    """An agency's desk, as the host sees it. The host lends it its database with `furnish`."""

    manifest: ClassVar[Manifest] = Manifest(
        name="desk",
        version="1",
        agency="*",
        protocol="An officer's queue in the window itself",
        contact="the window's operators",
        capabilities=Capabilities(
            batch=BATCH, query=True, drops_repeats=True, answers=frozenset({"poll"}), deposits=True
        ),
        quality="platinum",
    )

    def __init__(self, context: Context, settings: BaseModel) -> None:
        del settings
        self._context = context
        self._pool: Pool | None = None

    def furnish(self, pool: Pool) -> None:
        """Lend the desk a database: sessions of the platform's own work."""
        self._pool = pool

    async def deliver(self, delivery: Delivery) -> Outcome:
        return (await self.deliver_many([delivery]))[0]

    async def deliver_many(self, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        """All of them in one transaction."""
        if self._pool is None:
            return [Misconfigured(_ELSEWHERE)] * len(deliveries)
        agency, now, committing = self._context.agency, self._context.clock(), False
        told = [store.Told(one.message_id, one.number, one.work.what, one.raw, now) for one in deliveries]
        try:
            async with self._session(self._pool) as connection:
                laying = connection.transaction()
                await laying.start()
                items = await store.lock(connection, agency, [one.number for one in deliveries])
                new = await store.add_messages(connection, agency, told)
                before = await store.known(connection, agency, [one.message_id for one in deliveries])
                changed = _laid(items, [one for one in deliveries if one.message_id in new])
                if changed:
                    await store.save(connection, list(changed.values()))
                committing = True
                await laying.commit()
        except UNAVAILABLE as error:
            kind = Unsure if committing else TryAgain
            return [kind(f"the desk's database: {type(error).__name__}")] * len(deliveries)
        except _LOCKED_OUT as error:
            return [Misconfigured(f"the desk's database lets nobody in: {type(error).__name__}")] * len(deliveries)
        return [Taken(before[one.message_id]) for one in deliveries]

    async def query(self, delivery: Delivery) -> Known:
        if self._pool is None:
            return CannotSay(_ELSEWHERE)
        try:
            async with self._session(self._pool) as connection:
                known = await store.known(connection, self._context.agency, [delivery.message_id])
        except (*UNAVAILABLE, *_LOCKED_OUT) as error:
            return CannotSay(f"the desk's database: {type(error).__name__}")
        return Taken(known[delivery.message_id]) if known else NotThere()

    async def poll(self) -> Sequence[Said]:
        """Officers' decisions that the window has not taken yet."""
        if self._pool is None:
            return ()
        agency = self._context.agency
        try:
            async with self._session(self._pool) as connection:
                decisions = await store.stated(connection, agency, DECISIONS_A_LOOK)
        except (*UNAVAILABLE, *_LOCKED_OUT) as error:
            self._context.log.warning("the desk cannot be read", extra={"cause": type(error).__name__})
            return ()
        said: list[Said] = []
        for one in decisions:
            try:
                fact = say(one.kind, **{**one.fact, "number": one.dossier, "agency": agency})
            except (ValueError, ValidationError):
                self._context.log.exception("a decision cannot be said", extra={"decision": one.id})
                continue
            said.append(Said(id=one.id, facts=(fact,)))
        return said

    async def confirm(self, judged: Sequence[Judged]) -> None:
        """Decisions that are kept are settled; the others are shown to their officer with the reason."""
        if self._pool is None or not judged:
            return
        outcomes: list[tuple[str, store.State, str]] = [
            (one.said.id, "settled", "") if one.kept else (one.said.id, "refused", one.reason) for one in judged
        ]
        try:
            async with self._session(self._pool) as connection:
                await store.settle(connection, self._context.agency, outcomes)
        except (*UNAVAILABLE, *_LOCKED_OUT) as error:
            self._context.log.warning("decisions are settled later", extra={"cause": type(error).__name__})

    @asynccontextmanager
    async def _session(self, pool: Pool) -> AsyncIterator[Connection]:
        """A session for as long as an exchange may take. One in which something goes wrong is cut off.

        A server that hangs would hang with the question to roll back, too; cut off, it rolls back by itself.
        """
        async with asyncio.timeout(self._context.http.timeout_seconds), pool.acquire() as connection:
            try:
                yield connection
            except BaseException:
                connection.terminate()
                raise


def _laid(items: dict[str, rules.Item], deliveries: Sequence[Delivery]) -> dict[str, rules.Item]:
    """The dossiers after these messages, in order. News of a dossier that never came changes nothing."""
    changed: dict[str, rules.Item] = {}
    for one in deliveries:
        work, item = one.work, changed.get(one.number) or items.get(one.number)
        if isinstance(work, Routed):
            changed[one.number] = rules.arrived(work, one.message_id)
        elif item is not None:
            changed[one.number] = rules.told(item, work, one.message_id)
    return changed
