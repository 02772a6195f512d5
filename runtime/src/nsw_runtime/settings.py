"""The settings every service shares. Each service extends the class once; only its `app.py` reads it.

Environment variables: `DATABASE_URL`, `KAFKA_BOOTSTRAP_SERVERS`, everything else with the prefix `NSW_`.
"""

from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from nsw_runtime.errors import BadSettings


class TrustedIssuer(BaseModel):
    """A provider of access tokens that is trusted; `audience` is how its tokens name this window."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str = Field(min_length=1, max_length=255, pattern=r"^https?://[!-~]+$")
    audience: str = Field(min_length=1, max_length=255)


class ServiceSettings(BaseSettings):
    """What every service must know."""

    model_config = SettingsConfigDict(env_prefix="NSW_", frozen=True, extra="ignore")

    database_url: SecretStr = Field(
        validation_alias=AliasChoices("DATABASE_URL", "database_url"),
        description="Postgres, as this service's own role: postgresql://nsw_<service>:password@host:port/database",
    )
    kafka_bootstrap_servers: str = Field(
        validation_alias=AliasChoices("KAFKA_BOOTSTRAP_SERVERS", "kafka_bootstrap_servers"),
        description="host:port, several separated by commas",
    )
    environment: Literal["production", "development"] = Field(
        default="production", description="development trusts issuers that are not https, or give anybody a token"
    )
    issuers: tuple[TrustedIssuer, ...] = Field(default=(), description='JSON: [{"issuer": "https://…", "audience": …}]')
    audience: str = Field(default="urn:nsw:window", description="how assertions that systems sign name this window")
    http_host: str = "127.0.0.1"
    http_port: int
    http_connections: int = Field(default=1000, ge=1, description="client connections at once; more are answered 503")
    http_connections_per_address: int = Field(
        default=500, ge=1, description="of these, from one address; more are answered 429"
    )
    http_patience_seconds: float = Field(
        default=10.0, gt=0, description="for a request's head; a body's pace is judged after it"
    )
    http_body_bytes_a_second: int = Field(default=8192, ge=0, description="least pace of a body")
    tls_certificate: Path | None = Field(default=None, description="PEM file: this service's certificate and chain")
    tls_key: Path | None = Field(default=None, description="PEM file: its key")
    tls_client_cas: Path | None = Field(default=None, description="PEM file: the CAs of clients' certificates")
    tls_client_certificates: Literal["optional", "required"] = Field(
        default="optional", description="with client CAs: whether a client without a certificate is refused"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    instance: str = Field(default="0", description="static membership: a name for this process, unique in its service")
    batch_records: int = Field(default=1000, ge=1, le=10_000, description="records a consumer takes at once")
    poison_limit: int = Field(default=50, ge=1, description="unreadable records in a row before the consumer stops")
    trace_rate: float = Field(default=0.0, ge=0, le=1, description="share of dossiers traced, where intake begins one")
    otlp_endpoint: str = Field(default="", description="OTLP/HTTP traces endpoint, e.g. http://host:4318/v1/traces")
    zipkin_endpoint: str = Field(default="", description="Zipkin v2 endpoint, e.g. http://host:9411/api/v2/spans")
    crash_at: str = Field(default="", description="for tests: a named crash point, see nsw_runtime.crash")

    @model_validator(mode="after")
    def _issuers_are_https(self) -> Self:
        plain = [one.issuer for one in self.issuers if not one.issuer.startswith("https://")]
        if plain and self.environment != "development":
            raise ValueError(f"NSW_ISSUERS: {plain[0]} is not https, and NSW_ENVIRONMENT is not development")
        return self


S = TypeVar("S", bound=ServiceSettings)


def read_settings(kind: type[S]) -> S:
    """Read a service's settings from the environment, once.

    Raises:
        BadSettings: names every variable that is missing or wrong.
    """
    try:
        return kind()
    except SettingsError as error:
        raise BadSettings(f"settings are not usable: {error}: it must be JSON. Mend it and start again") from None
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}" for problem in error.errors()
        )
        raise BadSettings(
            f"settings are not usable: {wrong}. Set the environment variable(s) and start again"
        ) from None
