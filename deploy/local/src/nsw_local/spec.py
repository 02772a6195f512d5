"""What a supervisor is to run: the JSON file in its folder.

It may hold passwords, so only its owner may read it.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from .ports import Ports

FILE = "spec.json"


@dataclass(frozen=True)
class Command:
    """Runs once, to its end, before the processes; `env` is added to the supervisor's."""

    name: str
    argv: list[str]
    env: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 120.0


@dataclass(frozen=True)
class Process:
    """Runs as long as the stack; started when `ready_url` (if any) answers 200."""

    name: str
    argv: list[str]
    env: Mapping[str, str] = field(default_factory=dict)
    ready_url: str | None = None
    restart: bool = True


@dataclass(frozen=True)
class Spec:
    """Kafka and Postgres first, then Zipkin if wanted, the commands in order, the processes together."""

    ports: Ports
    commands: list[Command] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    zipkin: bool = False

    def write(self, folder: Path) -> None:
        """Into the folder's file."""
        write_private(folder / FILE, asdict(self))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """From the folder's file."""
        raw = json.loads((folder / FILE).read_text())
        return cls(
            ports=Ports(**raw["ports"]),
            commands=[Command(**each) for each in raw["commands"]],
            processes=[Process(**each) for each in raw["processes"]],
            zipkin=raw["zipkin"],
        )


def write_private(path: Path, content: Mapping[str, Any]) -> None:
    """As JSON, readable by the owner only, whole or not at all."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=1)
    new.replace(path)
