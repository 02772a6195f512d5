"""The whole system on one machine: which processes it is made of, and what each is told.

Used by `nsw up`, `nsw demo`, the benchmarks' command and the tests, so that all of them run the same thing.
"""

import json
import secrets
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from nsw_contracts.topics import AGENCIES, Service
from nsw_local import Command, Ports, Process, Spec, Stack

from nsw_cli.services import PACKAGES

UNLIMITED: Final = {"NSW_BUSINESS_RATE": "0", "NSW_CALLER_RATE": "0"}
"""A local stack's broker files for the whole country, as fast as it can."""

ONE_BY_ONE: Final = frozenset({"NHNN", "BNG"})
"""Agencies whose simulated systems take one dossier a request, as not every ministry's can take more."""

AGENCY_BATCH: Final = 500
ISSUER: Final = "issuer"
AUDIENCE: Final = "urn:nsw:window"
OPERATOR: Final = "operator"
BROKER: Final = "broker"
"""Subjects of the development issuer: who operates this stack, and who acts for the businesses used on it."""

DESK_POLL_SECONDS: Final = 0.5
"""How often officers' decisions are looked for: soon, for whoever watches."""

_AGENCIES_FILE: Final = "agencies.json"
_DESKS_FILE: Final = "agencies-and-desks.json"
_ROLES_FILE: Final = "role-password"
_LINKS_FILE: Final = "document-link-key"
DOCUMENTS: Final = "documents"
DOCUMENT_KEYS: Final = "document-keys"
"""Where a local stack's documents are, and the keys that they are encrypted with."""
_RECEIPT_KEY_FILE: Final = "receipt-key.pem"
_AUTHORITY: Final = "authority"
_REVOCATION_COUNTS_SECONDS: Final = 10
"""On a local stack a certificate that was just revoked is to be seen refused; asking costs nothing there."""


@dataclass(frozen=True)
class System:
    """One system's addresses and secrets. `folder` also holds the agencies' file.

    `desks` are the agencies without a system of their own, whose officers decide in the window; the others' systems are
    simulated.
    """

    folder: Path
    ports: Ports
    database_url: str
    kafka_bootstrap: str
    role_password: str
    env: Mapping[str, str]
    desks: frozenset[str] = frozenset()

    @classmethod
    def on(cls, stack: Stack, **env: str) -> "System":
        """The system on a local stack; `env` is added to every service's environment."""
        return cls(
            stack.folder, stack.ports, stack.database_url, stack.kafka_bootstrap, role_password(stack.folder), env
        )

    @property
    def services(self) -> dict[str, str]:
        """Each service's base URL."""
        return {name: f"http://127.0.0.1:{port}" for name, port in self._service_ports().items()}

    @property
    def agencies_url(self) -> str:
        """The agency simulator's base URL."""
        return f"http://127.0.0.1:{self.ports.agency_simulator}"

    @property
    def businesses_url(self) -> str:
        """The business simulator's base URL."""
        return f"http://127.0.0.1:{self.ports.business_simulator}"

    @property
    def issuer_url(self) -> str:
        """The development issuer's name and base URL."""
        return f"http://127.0.0.1:{self.ports.issuer}"

    def issuer(self) -> Process:
        """The development issuer, which gives anybody a token."""
        return Process(
            name=ISSUER,
            argv=[
                sys.executable, "-m", "nsw_local.issuer", "--port", str(self.ports.issuer),
                "--authority", str(authority_folder(self.folder)),
            ],
            ready_url=f"{self.issuer_url}/.well-known/openid-configuration",
        )  # fmt: skip

    def install(self) -> Command:
        """The one-shot command that makes schemas, roles and topics."""
        env = {
            "DATABASE_URL": self.database_url,
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka_bootstrap,
            "NSW_ROLE_PASSWORD": self.role_password,
            "NSW_OPERATOR_ISSUER": self.issuer_url,
            "NSW_OPERATOR_SUBJECT": OPERATOR,
        }
        return Command("install", [sys.executable, "-m", "nsw_cli.install"], env)

    def service_url(self, service: Service) -> str:
        """Postgres as one service's own role sees it."""
        from nsw_runtime.database import role_of  # noqa: PLC0415  # slow import

        parts = urlsplit(self.database_url)
        place = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{role_of(service)}:{self.role_password}@{place}"))

    def service(self, service: Service, **env: str) -> Process:
        """One service; `env` is added to what it is told."""
        port = self._service_ports()[service]
        told = {
            "DATABASE_URL": self.service_url(service),
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka_bootstrap,
            "NSW_HTTP_PORT": str(port),
            "NSW_AGENCIES_FILE": str(self._agencies_file()),
            "NSW_WEBHOOK_NETWORKS": "127.0.0.0/8",
            "NSW_WEBHOOK_TRUSTED": f"127.0.0.1:{self.ports.business_simulator}",
            **(self._documents() if service == "intake" else {}),
            **(self._links() if service == "ministry-adapter" else {}),
            **(self._signing() if service == "intake" else {}),
            **(UNLIMITED if service == "intake" else {}),
            "NSW_ENVIRONMENT": "development",
            "NSW_ISSUERS": json.dumps([{"issuer": self.issuer_url, "audience": AUDIENCE}]),
        }
        return Process(
            name=service,
            argv=[sys.executable, "-m", PACKAGES[service]],
            env={**told, **self.env, **env},
            ready_url=f"http://127.0.0.1:{port}/readyz",
        )

    def simulators(self) -> list[Process]:
        """The simulated agencies and businesses."""
        kinds = {"agency": self.ports.agency_simulator, "business": self.ports.business_simulator}
        return [
            Process(
                name=f"{kind}-simulator",
                argv=[sys.executable, "-m", f"nsw_benchmarks.{kind}_simulator", "--port", str(port)],
                ready_url=f"http://127.0.0.1:{port}/summary",
            )
            for kind, port in kinds.items()
        ]

    def spec(self, *, zipkin: bool = False) -> Spec:
        """Everything, for the supervisor."""
        return Spec(
            ports=self.ports,
            commands=[self.install()],
            processes=[self.issuer(), *self.simulators(), *(self.service(service) for service in PACKAGES)],
            zipkin=zipkin,
        )

    def _service_ports(self) -> dict[Service, int]:
        ports = self.ports
        return {
            "intake": ports.intake, "routing": ports.routing,
            "ministry-adapter": ports.adapter, "notifier": ports.notifier,
        }  # fmt: skip

    def _documents(self) -> dict[str, str]:
        """What intake is told of documents. The country's replay files dossiers whose documents nobody has."""
        return {
            "NSW_DOCUMENTS": (self.folder / DOCUMENTS).absolute().as_uri(),
            "NSW_DOCUMENT_KEYS": str(document_keys(self.folder)),
            "NSW_DOCUMENT_LINK_KEY": _secret(self.folder / _LINKS_FILE),
            "NSW_DOCUMENTS_REQUIRED": "false",
        }

    def _links(self) -> dict[str, str]:
        """What the ministry-adapter is told of documents: how to give agencies links to them."""
        return {
            "NSW_DOCUMENT_LINK_KEY": _secret(self.folder / _LINKS_FILE),
            "NSW_INTAKE_URL": self.services["intake"],
        }

    def _signing(self) -> dict[str, str]:
        """What intake is told of signatures: the simulated businesses have no certificates."""
        return {
            "NSW_RECEIPT_KEY_FILE": str(receipt_key(self.folder)),
            "NSW_SIGNATURES": "optional",
            "NSW_SIGNING_ROOTS": str(authority_root(self.folder)),
            "NSW_REVOCATION_COUNTS_SECONDS": str(_REVOCATION_COUNTS_SECONDS),
        }

    def _agencies_file(self) -> Path:
        file = self.folder / (_DESKS_FILE if self.desks else _AGENCIES_FILE)
        file.write_text(json.dumps([self._agency(code) for code in AGENCIES], indent=1))
        return file

    def _agency(self, code: str) -> dict[str, Any]:
        if code in self.desks:
            return {"code": code, "adapter": "desk", "poll_seconds": DESK_POLL_SECONDS}
        return {
            "code": code,
            "adapter": "rest-json",
            "settings": {
                "url": f"{self.agencies_url}/agencies/{code}",
                "batch": 1 if code in ONE_BY_ONE else AGENCY_BATCH,
                "signatures": "none",
            },
            "http": {"plain_loopback": True},
        }


def forget(folder: Path) -> None:
    """Remove what a system has put into a stack's folder; only when it has ended."""
    for name in (_AGENCIES_FILE, _DESKS_FILE, _ROLES_FILE, _LINKS_FILE, DOCUMENT_KEYS, _RECEIPT_KEY_FILE):
        (folder / name).unlink(missing_ok=True)
    for name in (DOCUMENTS, _AUTHORITY):
        shutil.rmtree(folder / name, ignore_errors=True)
    if folder.exists() and not any(folder.iterdir()):
        folder.rmdir()


def role_password(folder: Path) -> str:
    """The services' password on a local stack, made once and kept beside the data, readable by its owner only."""
    return _secret(folder / _ROLES_FILE)


def document_keys(folder: Path) -> Path:
    """The file of keys that a local stack's documents are encrypted with, made once."""
    from nsw_intake.documents.keys import key_line  # noqa: PLC0415  # slow import

    file = folder / DOCUMENT_KEYS
    _made_once(file, key_line("local-1"))
    return file


def receipt_key(folder: Path) -> Path:
    """The file of the key that signs receipts on a local stack, made once and kept beside the data."""
    file = folder / _RECEIPT_KEY_FILE
    if not file.exists():
        from nsw_intake.signing.receipts import new_key  # noqa: PLC0415  # slow import

        _made_once(file, new_key())
    return file


def authority_folder(folder: Path) -> Path:
    """Where a local stack's development authority keeps its files."""
    return (folder / _AUTHORITY).absolute()


def authority_root(folder: Path) -> Path:
    """The file of the development authority's root, made once."""
    file = authority_folder(folder) / "root.pem"
    if not file.exists():
        from nsw_local.authority import DevelopmentAuthority  # noqa: PLC0415  # slow import

        DevelopmentAuthority.of(file.parent)
    return file


def _secret(file: Path) -> str:
    _made_once(file, secrets.token_urlsafe(24))
    return file.read_text()


def _made_once(file: Path, content: str) -> None:
    """Write a file that only its owner may read, where there is none yet."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(content)
