"""The notifier's settings."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from nsw_runtime.settings import ServiceSettings
from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from nsw_notifier.addresses import Network


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _networks(value: object) -> object:
    parts = _split(value)
    return tuple(ip_network(part) if isinstance(part, str) else part for part in parts) if isinstance(
        parts, (list, tuple)
    ) else parts  # fmt: skip


class NotifierSettings(ServiceSettings):
    """What the notifier must know beside what every service must."""

    http_port: int = 8083
    http_connections: int = Field(
        default=20_000, ge=1, description="client connections at once, live streams among them; more are answered 503"
    )
    batch_wait_seconds: float = Field(
        default=2.0, ge=0, description="how long events gather for a business that takes batches"
    )
    batch_events: int = Field(default=500, ge=1, le=1000, description="most events in one webhook")
    timeout_seconds: float = Field(default=15.0, gt=0, description="bound on one webhook request")
    webhook_networks: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)] = Field(
        default=(),
        description="private or loopback networks that webhooks may go to, by https or http (127.0.0.0/8,10.1.0.0/16)",
    )
    webhook_trusted: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(), description="host:port of endpoints that are used without a challenge, as a test bench needs it"
    )
    webhook_ca_file: Path | None = Field(
        default=None, description="PEM file of certificate authorities trusted beside the system's"
    )
    smtp_host: str = Field(default="", description="the mail server; without one nobody can subscribe by e-mail")
    smtp_port: int = 465
    smtp_security: Literal["tls", "starttls"] = "tls"
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_ca_file: Path | None = Field(default=None, description="PEM file of authorities that the mail server's is of")
    mail_from: str = Field(default="no-reply@window.example", description="whom e-mails come from")
    mail_bounces: str = Field(
        default="bounces@window.example",
        description="where bounces go, as bounces+TOKEN@…: see POST /v1/bounces",
    )
    mail_wait_seconds: float = Field(default=60.0, ge=0, description="how long events gather for one e-mail")
    mail_events: int = Field(default=200, ge=1, le=1000, description="most events in one e-mail")
    public_url: str = Field(
        default="http://127.0.0.1:8083", description="how the world reaches this service: for links"
    )
    disable_after_days: float = Field(
        default=5.0, gt=0, description="an endpoint or mailbox that fails so long without a success is disabled"
    )
    secret_overlap_hours: float = Field(
        default=24.0, gt=0, description="how long the secret before still signs beside a new one"
    )
    delivery_days: float = Field(
        default=14.0, gt=0, description="how long the delivery log is kept and can be replayed"
    )
    stream_days: float = Field(default=7.0, gt=0, description="how long events are kept for live streams to go on from")
    waiting_days: float = Field(
        default=30.0, gt=0, description="how long events wait for a subscription that is paused or disabled"
    )
