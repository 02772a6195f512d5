"""How the stack in a folder is: the JSON file its supervisor writes at each step and on each change."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, Self

from .ports import Ports
from .spec import write_private

FILE = "state.json"
Status = Literal["starting", "ready", "failed"]


@dataclass(frozen=True)
class State:
    """One moment of a stack; `message` is for people.

    `urls` has "kafka" (host:port), "database" (with the owner's password), and one for each process with a
    `ready_url`. `pids` changes when a process is restarted.
    """

    status: Status
    message: str
    ports: Ports
    urls: dict[str, str] = field(default_factory=dict)
    pids: dict[str, int] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Into the folder's file, atomically."""
        write_private(folder / FILE, asdict(self))

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """From the folder's file; None if there is none."""
        try:
            raw = json.loads((folder / FILE).read_text())
        except FileNotFoundError:
            return None
        return cls(**{**raw, "ports": Ports(**raw["ports"])})
