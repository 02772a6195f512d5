"""A deliberately wrong routing: it notes a batch as done in a transaction of its own, and only then applies it.

At most once, as FastStream's default policy is. Killed between the two it loses the batch, and the judge must see it.
Run as a program in routing's place.
"""

from typing import Any

import nsw_runtime.service
from nsw_routing.app import main
from nsw_runtime import progress
from nsw_runtime.applier import Applier


class AcknowledgesFirst(Applier[Any]):
    """Moves progress, then passes the crash point, then applies."""

    async def _apply(self, batch: Any) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await progress.move(connection, batch.expected, batch.reached)
        batch.expected = dict(batch.reached)
        await super()._apply(batch)


if __name__ == "__main__":
    nsw_runtime.service.Applier = AcknowledgesFirst
    main()
