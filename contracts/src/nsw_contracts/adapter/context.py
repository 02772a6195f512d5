"""What the host gives an adapter: time, secrets, a logger, a store, links to documents. Nothing else is needed.

An adapter reads no environment, no files of the host and no clock but this one; so it runs unchanged in the kit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from logging import LoggerAdapter
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field, SecretBytes


class HttpSettings(BaseModel):
    """How the agency's system may be spoken to over HTTP.

    `timeout_seconds` bounds one request from its beginning to the answer's last byte. `connections` is the most to this
    agency. `largest_answer`: bytes beyond which an answer is not read. `ca_file`: certificates to trust instead of the
    system's (PEM). `client_certificate`: certificate and key for mutual TLS (PEM). Redirects are never followed.
    `plain_loopback`: `http://` is allowed to the machine itself, in development and tests; never elsewhere.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    connections: Annotated[int, Field(ge=1, le=1000)] = 32
    largest_answer: Annotated[int, Field(ge=1024, le=1 << 28)] = 16 * 1024 * 1024
    ca_file: Path | None = None
    client_certificate: Path | None = None
    plain_loopback: bool = False


class Link(NamedTuple):
    """A link to a document's bytes, which works without a login until `until`."""

    url: str
    until: datetime


class Documents(Protocol):
    """Links to the documents of dossiers that this agency has."""

    async def link(self, number: str, sha256: str) -> Link:
        """A time-limited link to one document of one dossier.

        Raises:
            DocumentUnavailable: it cannot be had now.
        """
        ...


class Store(Protocol):
    """Small durable values of this agency alone: a cursor, what was sent under which name. Bytes by key.

    What is put is there after a restart, and in every process that serves the agency. Keys are printable ASCII, up to
    200 characters; a value is up to 1 MiB. It is no place for dossiers by the thousand on the way out.
    """

    async def get(self, key: str) -> bytes | None:
        """The value, or None."""
        ...

    async def put(self, key: str, value: bytes) -> None:
        """Keep a value, in place of an earlier one."""
        ...

    async def delete(self, key: str) -> None:
        """Forget a value, if there is one."""
        ...

    async def list(self, prefix: str, *, after: str = "", most: int = 1000) -> Mapping[str, bytes]:
        """Values whose keys begin with `prefix` and stand after `after`, in the order of their keys (bytewise)."""
        ...


class Secrets(Protocol):
    """Secrets by name; where they come from is the deployment's business."""

    def __call__(self, name: str) -> SecretBytes:
        """The secret. Ask in `open`, so that one that lacks is known at the start.

        Raises:
            BrokenConfiguration: there is none of this name; the text says where it is looked for.
        """
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """What one adapter is given for one agency.

    `log` writes structured lines; values of secrets that were asked for are struck out of them, whatever is logged.
    Never log a dossier's content or personal data. `callback_url`: where the agency's system posts its messages.
    """

    agency: str
    clock: Callable[[], datetime]
    http: HttpSettings
    secret: Secrets
    log: "LoggerAdapter[Any]"
    documents: Documents
    store: Store
    callback_url: str = ""
