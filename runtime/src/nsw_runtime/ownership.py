"""One owner for each piece of work: Postgres session advisory locks over a few groups.

The lock lives as long as the connection, and the owner does its work over that same connection: whoever has lost the
lock cannot read on either. A second process claims what the first leaves.
"""

from typing import Any, Final
from zlib import crc32

import asyncpg

from nsw_runtime.database import connect

GROUPS: Final = 4


def group_of(text: str) -> int:
    """The group a lane belongs to."""
    return crc32(text.encode()) % GROUPS


class Ownership:
    """Claims groups of one kind of work (`relay`, `sender`) of one service."""

    def __init__(self, url: str, service: str, work: str) -> None:
        self._url = url
        self._service = service
        self._work = work
        self._class = crc32(f"{service}/{work}".encode()) - 2**31
        self._connection: asyncpg.Connection[Any] | None = None
        self.groups: frozenset[int] = frozenset()

    @property
    def lost(self) -> bool:
        """Whether there is no session that could hold a lock."""
        return self._connection is None or self._connection.is_closed()

    async def claim(self) -> "asyncpg.Connection[Any]":
        """Claim every group that is free and give the connection that holds them; idempotent.

        The session commits asynchronously: what is written over it may be lost in a crash and must be safe to lose.

        Raises:
            OSError, asyncpg.PostgresError: Postgres cannot be reached; nothing is owned then.
        """
        if self._connection is None or self._connection.is_closed():
            self.groups = frozenset()
            self._connection = await connect(
                self._url,
                self._service,
                application_name=f"nsw-{self._service}-{self._work}",
                synchronous_commit="off",
            )
        for group in sorted(set(range(GROUPS)) - self.groups):
            if await self._connection.fetchval("select pg_try_advisory_lock($1, $2)", self._class, group):
                self.groups |= {group}
        return self._connection

    async def release(self) -> None:
        """Give everything up."""
        self.groups = frozenset()
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.terminate()
