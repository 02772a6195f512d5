"""What the window says of a dossier: receipts, its status and its timeline, as values.

Members that a later window adds are kept in `raw`, so that nothing it says is lost on an older client.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, Self

Command = Literal["supplement", "amendment", "withdrawal", "payment"]
PATHS: Final[Mapping[Command, str]] = {
    "supplement": "supplements",
    "amendment": "amendments",
    "withdrawal": "withdrawals",
    "payment": "payments",
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a dossier was taken in. `content_sha256` is of the dossier as the window keeps it; `jws` signs it all."""

    number: str
    content_sha256: str
    received_at: datetime
    jws: str | None
    raw: Mapping[str, Any]

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        return cls(raw["number"], raw["content_sha256"], _time(raw["received_at"]), raw.get("jws"), raw)


@dataclass(frozen=True, slots=True)
class CommandReceipt:
    """That a command was taken in; whether it can be had, the dossier's timeline says, naming `command_id`."""

    number: str
    command: Command
    command_id: str
    received_at: datetime
    raw: Mapping[str, Any]

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        return cls(raw["number"], raw["command"], raw["command_id"], _time(raw["received_at"]), raw)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened to a dossier. `raw` holds what else was said: reasons, amounts, certificates."""

    revision: int
    type: str
    status: str
    at: datetime
    agency: str | None
    raw: Mapping[str, Any]

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        return cls(raw["revision"], raw["type"], raw["status"], _time(raw["at"]), raw.get("agency"), raw)


@dataclass(frozen=True, slots=True)
class Dossier:
    """A dossier as it stands; `possible` are the commands that may be asked for now."""

    number: str
    procedure: str
    status: str
    possible: tuple[str, ...]
    submitted_at: datetime
    timeline: tuple[Entry, ...]
    raw: Mapping[str, Any]

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        return cls(
            raw["number"],
            raw["procedure"],
            raw["status"],
            tuple(raw["possible"]),
            _time(raw["submitted_at"]),
            tuple(Entry.of(entry) for entry in raw["timeline"]),
            raw,
        )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
