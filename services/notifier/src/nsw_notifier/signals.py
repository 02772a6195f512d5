"""What the notifier's processes tell each other through Postgres: a subscription was changed, events were kept.

Told in the transaction that makes the change, so it is heard only of what is committed. A process whose line was broken
forgets everything it remembered. NOTIFY takes a lock at commit: it is not used for what every event does.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any, Final

import asyncpg
from nsw_runtime.clock import backoff
from nsw_runtime.database import UNAVAILABLE, Connection, connect

log = logging.getLogger(__name__)

CHANNEL: Final = "nsw_notifier"
MOST_NAMES: Final = 200  # in one payload, which Postgres bounds at 8,000 bytes; more: everybody looks after everything
CHECK_SECONDS: Final = 5.0
_NOTIFY: Final = "select pg_notify($1, $2)"


async def tell_changed(connection: Connection, subscriptions: Iterable[str]) -> None:
    """These subscriptions were changed or removed, or something is to be done for them at once."""
    await _tell(connection, "changed", subscriptions)


async def tell_turned(connection: Connection, subscriptions: Iterable[str]) -> None:
    """These subscriptions were found to be well, failing, dead: nothing is to be done at once."""
    await _tell(connection, "turned", subscriptions)


async def tell_kept(connection: Connection, declarants: Iterable[str]) -> None:
    """Events were kept for the live streams of these businesses."""
    await _tell(connection, "kept", declarants)


async def _tell(connection: Connection, what: str, names: Iterable[str]) -> None:
    listed = list(names)
    if listed:
        said = " ".join([what, *(listed if len(listed) <= MOST_NAMES else ["*"])])
        await connection.execute(_NOTIFY, CHANNEL, said)


class Signals:
    """Listens. Each function hears names, or None: it may have been any."""

    def __init__(
        self,
        database_url: str,
        *,
        on_changed: Callable[[str | None], None],
        on_turned: Callable[[str | None], None],
        on_kept: Callable[[str | None], None],
    ) -> None:
        self._database_url = database_url
        self._hear_of = {"changed": on_changed, "turned": on_turned, "kept": on_kept}

    async def run(self) -> None:
        """Listen until cancelled."""
        failures = 0
        while True:
            connection: asyncpg.Connection[Any] | None = None
            try:
                connection = await connect(self._database_url, "notifier", application_name="nsw-notifier-signals")
                await connection.add_listener(CHANNEL, self._heard)
                self._lost()
                failures = 0
                while True:
                    await asyncio.sleep(CHECK_SECONDS)
                    await connection.fetchval("select 1")
            except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                log.info("the line to other notifiers is broken", extra={"cause": type(error).__name__})
                self._lost()
                await asyncio.sleep(backoff(failures, longest=3.0))
                failures += 1
            finally:
                if connection is not None:
                    connection.terminate()

    def _lost(self) -> None:
        for hear in self._hear_of.values():
            hear(None)

    def _heard(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        what, *names = str(payload).split(" ")
        for name in names:
            self._hear_of[what](None if name == "*" else name)
