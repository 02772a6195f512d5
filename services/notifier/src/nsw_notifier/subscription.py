"""Subscriptions: which business hears of which events, by which channel, and under which conditions."""

import base64
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal, NamedTuple
from urllib.parse import urlsplit

from nsw_contracts.events import PUBLIC_FACTS, CommandRefused, Number, ProcedureCode, PublicFact, StatusChanged, TaxCode
from nsw_contracts.events import says as short_name
from nsw_contracts.lifecycle import BUSINESS_ACTS, FINAL
from nsw_runtime.handling import Intent
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, StringConstraints, model_validator

SECRET_BYTES: Final = 24  # Standard Webhooks: between 24 and 64
TYPES: Final[dict[str, type]] = {short_name(kind): model for kind, model in PUBLIC_FACTS.items()}
"""The short names by which a business chooses event types, such as `status-changed`."""

_CHALLENGES: Final = "verify/"

Kind = Literal["webhook", "email", "stream"]
State = Literal["unverified", "active", "paused", "disabled"]
Language = Literal["vi", "en"]
STREAM: Final = "stream"
"""The address of a business's one subscription to the live stream."""


def _email(text: str) -> str:
    name, _, domain = text.rpartition("@")
    if not _EMAIL.fullmatch(text) or len(name) > 64 or "." not in domain:  # noqa: PLR2004  # RFC 5321, 4.5.3.1.1
        raise ValueError("this is no e-mail address in its plain form, name@domain")
    return text


def _url(url: HttpUrl) -> HttpUrl:
    if url.username or url.password or url.fragment:
        raise ValueError("the address may hold no user name, password or fragment")
    return url


def _known_type(text: str) -> str:
    if text not in TYPES:
        raise ValueError(f"there is no such event type; there are {', '.join(TYPES)}")
    return text


_EMAIL: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
Email = Annotated[str, StringConstraints(max_length=250), AfterValidator(_email)]
Endpoint = Annotated[HttpUrl, AfterValidator(_url)]
EventType = Annotated[str, AfterValidator(_known_type)]


class Wishes(BaseModel):
    """What of a subscription its business may choose and change.

    `events`: `all` is every public fact; `results` are final statuses, those in which the business must act, and its
    commands that were refused. `types`, `procedures` and `dossiers` narrow that down; empty: they do not. `rate`: most
    webhooks a second. `language` is that of e-mails.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    delivery: Literal["single", "batch"] = "single"
    events: Literal["all", "results"] = "all"
    types: tuple[EventType, ...] = Field(default=(), max_length=len(TYPES))
    procedures: tuple[ProcedureCode, ...] = Field(default=(), max_length=100)
    dossiers: tuple[Number, ...] = Field(default=(), max_length=100)
    language: Language = "vi"
    rate: int = Field(default=100, ge=1, le=1000)


class SubscriptionRequest(Wishes):
    """What a business asks for: a webhook (`url`), an e-mail (`email`), or the live stream (`kind` alone)."""

    declarant: TaxCode
    kind: Kind = "webhook"
    url: Endpoint | None = None
    email: Email | None = None

    @model_validator(mode="after")
    def _has_its_address(self) -> "SubscriptionRequest":
        wanted = {"webhook": "url", "email": "email"}.get(self.kind)
        for name in ("url", "email"):
            if (getattr(self, name) is not None) != (name == wanted):
                need = f"needs {wanted}" if wanted else "has no address"
                raise ValueError(f"a subscription of kind {self.kind} {need}, and nothing else to go to")
        return self

    @property
    def address(self) -> str:
        """Where events go."""
        return STREAM if self.kind == "stream" else str(self.url or self.email)


class Change(Wishes):
    """What a business changes: what it leaves out stays."""

    delivery: Literal["single", "batch"] | None = None  # type: ignore[assignment]  # None: it stays
    events: Literal["all", "results"] | None = None  # type: ignore[assignment]
    types: tuple[EventType, ...] | None = Field(default=None, max_length=len(TYPES))  # type: ignore[assignment]
    procedures: tuple[ProcedureCode, ...] | None = Field(default=None, max_length=100)  # type: ignore[assignment]
    dossiers: tuple[Number, ...] | None = Field(default=None, max_length=100)  # type: ignore[assignment]
    language: Language | None = None  # type: ignore[assignment]
    rate: int | None = Field(default=None, ge=1, le=1000)  # type: ignore[assignment]


class Subscription(NamedTuple):
    """A subscription as it is kept. `secret` signs its webhooks; `previous` too, until `previous_until`.

    `note` says why it is not active. `failing_since`: since when nothing got through.
    """

    id: str
    declarant: str
    kind: Kind
    address: str
    delivery: str = "single"
    events: str = "all"
    types: Sequence[str] = ()
    procedures: Sequence[str] = ()
    dossiers: Sequence[str] = ()
    language: str = "vi"
    rate: int = 100
    state: str = "active"
    note: str = ""
    failing_since: datetime | None = None
    secret: str = ""
    previous: str | None = None
    previous_until: datetime | None = None

    def wants(self, fact: PublicFact) -> bool:
        """Whether this subscription hears of this fact."""
        if self.dossiers and fact.number not in self.dossiers:
            return False
        if self.procedures and fact.procedure not in self.procedures:
            return False
        if self.types and not any(type(fact) is TYPES[one] for one in self.types):
            return False
        if self.events == "all" or isinstance(fact, CommandRefused):
            return True
        return isinstance(fact, StatusChanged) and (fact.status in FINAL or fact.status in BUSINESS_ACTS)

    def secrets(self, at: datetime) -> tuple[str, ...]:
        """The secrets that sign at this time, the newest first."""
        if self.previous is not None and self.previous_until is not None and at < self.previous_until:
            return self.secret, self.previous
        return (self.secret,)

    def shown(self) -> dict[str, Any]:
        """As its business sees it, without secrets."""
        where = {"webhook": "url", "email": "email"}.get(self.kind)
        filters: dict[str, Any] = {
            "events": self.events, "types": list(self.types), "procedures": list(self.procedures),
            "dossiers": list(self.dossiers),
        }  # fmt: skip
        how: dict[str, Any] = {"delivery": self.delivery, "rate": self.rate} if self.kind == "webhook" else {}
        if self.kind == "email":
            how = {"language": self.language}
        return {
            "id": self.id,
            "declarant": self.declarant,
            "kind": self.kind,
            **({where: self.address} if where else {}),
            **filters,
            **how,
            "state": self.state,
            "note": self.note,
            "failing_since": None if self.failing_since is None else self.failing_since.isoformat(),
            "previous_secret_until": None if self.previous_until is None else self.previous_until.isoformat(),
        }


def new_secret() -> str:
    """A signing secret in Standard Webhooks' form."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def new_id() -> str:
    """A subscription's id."""
    return f"sub_{secrets.token_hex(8)}"


def challenges_of(subscription: str) -> str:
    """The lane in which a subscription's challenges wait, beside its own."""
    return _CHALLENGES + subscription


def challenged(lane: str) -> str | None:
    """The subscription whose challenges wait in this lane, or None: the lane is a subscription's own."""
    return lane.removeprefix(_CHALLENGES) if lane.startswith(_CHALLENGES) else None


def challenge(subscription: Subscription) -> Intent:
    """The intent to ask a subscription's endpoint or mailbox."""
    return Intent(challenges_of(subscription.id), secrets.token_hex(16), "", b"{}", None)


def place_of(url: str) -> tuple[str, str]:
    """The scheme of an endpoint and its host:port."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    return parts.scheme, f"{parts.hostname}:{port}"
