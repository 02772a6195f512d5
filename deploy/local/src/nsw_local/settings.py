"""What the environment says about the local stack; read here and nowhere else.

| variable | meaning |
| --- | --- |
| `NSW_CACHE_DIR` | where downloads are kept (default: `nsw` in the user's cache folder) |
| `NSW_MAVEN_URL` | Maven repository to load from (default: Maven Central) |
| `NSW_PORT_BASE` | first of eleven consecutive ports (default: each part's usual port) |
| `KAFKA_BOOTSTRAP_SERVERS` | use this Kafka and start none |
| `DATABASE_URL` | use this Postgres (an owner's URL) and start none |
| `JAVA_HOME` | Java 17 or newer to prefer |
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import LocalStackError
from .ports import Ports

MAVEN_CENTRAL = "https://repo1.maven.org/maven2"
LOWEST_BASE, HIGHEST_BASE = 1_024, 65_000


@dataclass(frozen=True)
class Settings:
    """Read once by whoever starts a stack."""

    cache: Path
    maven_url: str
    ports: Ports
    kafka_bootstrap: str | None
    database_url: str | None
    java_home: Path | None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Raises `LocalStackError` for a value that cannot be used."""
        env = os.environ if environ is None else environ
        java_home = env.get("JAVA_HOME")
        return cls(
            cache=_cache(env),
            maven_url=(env.get("NSW_MAVEN_URL") or MAVEN_CENTRAL).rstrip("/"),
            ports=_ports(env.get("NSW_PORT_BASE")),
            kafka_bootstrap=env.get("KAFKA_BOOTSTRAP_SERVERS") or None,
            database_url=env.get("DATABASE_URL") or None,
            java_home=Path(java_home) if java_home else None,
        )


def _cache(env: Mapping[str, str]) -> Path:
    if given := env.get("NSW_CACHE_DIR"):
        return Path(given).absolute()
    if base := env.get("XDG_CACHE_HOME"):
        return Path(base) / "nsw"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "nsw"
    return Path.home() / ".cache" / "nsw"


def _ports(base: str | None) -> Ports:
    if not base:
        return Ports()
    if not base.isdecimal() or not LOWEST_BASE <= int(base) <= HIGHEST_BASE:
        raise LocalStackError(f"NSW_PORT_BASE is {base!r}: give a number from {LOWEST_BASE} to {HIGHEST_BASE}.")
    return Ports.from_base(int(base))
