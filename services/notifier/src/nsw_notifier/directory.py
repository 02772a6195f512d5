"""Subscriptions at hand: what was read of them, until a change is heard of."""

from collections.abc import Sequence
from typing import Final

from nsw_runtime.database import Pool

from nsw_notifier import store
from nsw_notifier.subscription import Subscription

REMEMBERED: Final = 100_000


class Directory:
    """Subscriptions by id. One that is not at hand is read when it is needed."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: dict[str, Subscription] = {}
        self.changes = 0  # heard of so far

    def remember(self, known: Sequence[Subscription], changes: int) -> None:
        """Keep what was read when so many changes had been heard of; with another since, it may be old already."""
        if changes != self.changes:
            return
        if len(self._known) > REMEMBERED:
            self._known.clear()
        self._known |= {one.id: one for one in known}

    def forget(self, subscription: str | None) -> None:
        """It was changed; None: any may have been."""
        self.changes += 1
        if subscription is None:
            self._known.clear()
        else:
            self._known.pop(subscription, None)

    def at_hand(self, subscription: str) -> Subscription | None:
        """What is known of it without asking."""
        return self._known.get(subscription)

    async def get(self, subscription: str) -> Subscription | None:
        """The subscription, or None where there is none (any more)."""
        if subscription in self._known:
            return self._known[subscription]
        changes = self.changes
        async with self._pool.acquire() as connection:
            found = await store.by_id(connection, subscription)
        if found is not None:
            self.remember([found], changes)
        return found
