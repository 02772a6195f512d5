"""What the host gives to adapters: secrets from files, a store in Postgres, a logger that strikes secrets out."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from nsw_contracts.adapter import BrokenConfiguration, Context, DocumentUnavailable, Link
from nsw_contracts.adapter.redaction import Redaction
from nsw_runtime import document_links
from nsw_runtime.clock import Clock
from nsw_runtime.database import Pool
from nsw_runtime.document_links import LONGEST_SECONDS, LinkSigner
from pydantic import SecretBytes, SecretStr

from nsw_ministry_adapter import store
from nsw_ministry_adapter.settings import AdapterSettings, AgencySettings

MESSAGES: Final = "/v1/agencies/{agency}/messages"
"""Where an agency's system posts what it says."""

LARGEST_VALUE: Final = 1 << 20
LONGEST_KEY: Final = 200


def context_of(
    agency: AgencySettings, settings: AdapterSettings, pool: Pool, clock: Clock, redaction: Redaction
) -> Context:
    """What the adapter of one agency is given."""
    logger = logging.getLogger(f"nsw_ministry_adapter.agency.{agency.code}")
    if redaction not in logger.filters:
        logger.addFilter(redaction)
    return Context(
        agency=agency.code,
        clock=clock,
        http=agency.http,
        secret=FolderSecrets(settings.secrets_folder / agency.code, redaction),
        log=logging.LoggerAdapter(logger, {"agency": agency.code}),
        documents=WindowDocuments(settings.document_link_key, settings.intake_url, clock),
        store=PostgresStore(pool, agency.code, clock),
        callback_url=settings.public_url.rstrip("/") + MESSAGES.format(agency=agency.code),
    )


class FolderSecrets:
    """Secrets as files of one folder, as Kubernetes and Docker mount them. What was asked for is never logged."""

    def __init__(self, folder: Path, redaction: Redaction) -> None:
        self._folder = folder
        self._redaction = redaction

    def __call__(self, name: str) -> SecretBytes:
        """The secret; without the line break at the end of a one-line file.

        Raises:
            BrokenConfiguration: there is no such file, or it cannot be read.
        """
        if Path(name).name != name or name.startswith("."):
            raise BrokenConfiguration(f"{name!r} is no name of a secret")
        file = self._folder / name
        try:
            value = file.read_bytes()
        except OSError as error:
            raise BrokenConfiguration(
                f"the secret {name!r} is looked for in {file} (NSW_SECRETS_FOLDER): {error.strerror}"
            ) from error
        if value.count(b"\n") <= 1:
            value = value.rstrip(b"\r\n")
        if not value:
            raise BrokenConfiguration(f"the secret {name!r} in {file} is empty")
        self._redaction.know([value])
        return SecretBytes(value)


class PostgresStore:
    """One agency's kept values."""

    def __init__(self, pool: Pool, agency: str, clock: Clock) -> None:
        self._pool = pool
        self._agency = agency
        self._clock = clock

    async def get(self, key: str) -> bytes | None:
        """The value, or None."""
        async with self._pool.acquire() as connection:
            return await store.get(connection, self._agency, key)

    async def put(self, key: str, value: bytes) -> None:
        """Keep a value."""
        if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
            raise ValueError(f"a key is printable ASCII, up to {LONGEST_KEY} characters")
        if len(value) > LARGEST_VALUE:
            raise ValueError(f"a value is up to {LARGEST_VALUE:,} bytes")
        async with self._pool.acquire() as connection:
            await store.put(connection, self._agency, key, value, self._clock())

    async def delete(self, key: str) -> None:
        """Forget a value."""
        async with self._pool.acquire() as connection:
            await store.delete(connection, self._agency, key)

    async def list(self, prefix: str, *, after: str = "", most: int = 1000) -> Mapping[str, bytes]:
        """Values by their keys' beginning, in order."""
        async with self._pool.acquire() as connection:
            return await store.listed(connection, self._agency, prefix, after, most)


class WindowDocuments:
    """Links to documents as intake honours them, good for a day. Without a key, or intake's address, there are none."""

    def __init__(self, key: SecretStr | None, intake_url: str, clock: Clock) -> None:
        self._signer = None if key is None or not intake_url else LinkSigner(key.get_secret_value())
        self._intake_url = intake_url.rstrip("/")
        self._clock = clock

    async def link(self, number: str, sha256: str) -> Link:
        """A link to one document of one dossier.

        Raises:
            DocumentUnavailable: this deployment gives none.
        """
        if self._signer is None:
            raise DocumentUnavailable(
                f"no link to document {sha256[:8]}… of {number}: set NSW_DOCUMENT_LINK_KEY and NSW_INTAKE_URL"
            )
        expires = int(self._clock().timestamp()) + LONGEST_SECONDS
        path = self._signer.path(document_links.Link(number, sha256, expires))
        return Link(self._intake_url + path, datetime.fromtimestamp(expires, UTC))
