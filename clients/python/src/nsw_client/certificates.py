"""A business's signing certificates, as the window lists them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Certificate:
    """A registered certificate. `ended_at`: its use was ended by the business; `revoked_at`: found revoked."""

    sha256: str
    declarant: str
    holder: str
    not_after: datetime
    ended_at: datetime | None
    revoked_at: datetime | None
    raw: Mapping[str, Any]

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        return cls(
            raw["sha256"],
            raw["declarant"],
            raw["holder"],
            datetime.fromisoformat(raw["not_after"]),
            _time(raw.get("ended_at")),
            _time(raw.get("revoked_at")),
            raw,
        )


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
