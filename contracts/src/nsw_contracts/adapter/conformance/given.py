"""What the kit gives an adapter in the host's place: the same promises, kept in memory."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from pydantic import SecretBytes

from nsw_contracts.adapter.context import Context, HttpSettings, Link
from nsw_contracts.adapter.errors import BrokenConfiguration, DocumentUnavailable
from nsw_contracts.adapter.redaction import Redaction

LOGGER = "nsw.adapter.kit"


def system_clock() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


class MemoryStore:
    """The store, for as long as the kit runs."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def get(self, key: str) -> bytes | None:
        """The value, or None."""
        return self.kept.get(key)

    async def put(self, key: str, value: bytes) -> None:
        """Keep a value."""
        self.kept[key] = value

    async def delete(self, key: str) -> None:
        """Forget a value."""
        self.kept.pop(key, None)

    async def list(self, prefix: str, *, after: str = "", most: int = 1000) -> Mapping[str, bytes]:
        """Values by their keys' beginning, in order."""
        keys = sorted(key for key in self.kept if key.startswith(prefix) and key > after)
        return {key: self.kept[key] for key in keys[:most]}


class Documents:
    """Links that lead nowhere; those of `lacking` documents cannot be had."""

    def __init__(self) -> None:
        self.lacking: set[str] = set()

    async def link(self, number: str, sha256: str) -> Link:
        """A link that nobody follows."""
        if sha256 in self.lacking:
            raise DocumentUnavailable(f"no link to document {sha256[:8]}… of {number}")
        url = f"https://documents.invalid/{number}/{sha256}"
        return Link(url, datetime(2030, 1, 1, tzinfo=UTC) + timedelta(hours=1))


class Given:
    """A context for one adapter, and what it did with it."""

    def __init__(
        self,
        agency: str,
        http: HttpSettings,
        secrets: Mapping[str, bytes],
        *,
        clock: Callable[[], datetime] = system_clock,
        callback_url: str = "",
    ) -> None:
        self._secrets = dict(secrets)
        self.redaction = Redaction()
        self.asked: set[str] = set()
        self.store = MemoryStore()
        self.documents = Documents()
        logger = logging.getLogger(f"{LOGGER}.{agency}")
        logger.setLevel(logging.DEBUG)
        logger.filters[:] = [self.redaction]
        self.context = Context(
            agency=agency,
            clock=clock,
            http=http,
            secret=self._secret,
            log=logging.LoggerAdapter(logger, {"agency": agency}),
            documents=self.documents,
            store=self.store,
            callback_url=callback_url,
        )

    def lose(self, name: str) -> None:
        """Have no such secret."""
        del self._secrets[name]

    def _secret(self, name: str) -> SecretBytes:
        if name not in self._secrets:
            raise BrokenConfiguration(f"the kit was given no secret {name!r}")
        self.asked.add(name)
        self.redaction.know([self._secrets[name]])
        return SecretBytes(self._secrets[name])
