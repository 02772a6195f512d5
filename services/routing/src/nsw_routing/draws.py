"""The random check: whom it takes nobody can predict, and everybody can recompute once the day is over.

Each local day has a seed, made from one secret. The seed's SHA-256, the commitment, is public ahead; the seed itself
is public when the day is over and never before. Between the two nothing can be changed unseen.
`docs/architecture/inspection.md` says what this proves and what it does not.
"""

import hmac
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from hashlib import sha256
from typing import Final

from nsw_runtime.errors import NswError

VIET_NAM: Final = timezone(timedelta(hours=7))  # all year round, since 1975
SECRET_BYTES: Final = 32
_SEED_OF: Final = "nsw-inspection-seed/"
_BITS: Final = 64  # of the HMAC that are compared: its first eight bytes


class NotTheSeed(NswError):
    """The seed shown is not the one that was committed to."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One day's random check. Whoever holds it before the day is over can predict: it is not logged and not stored."""

    day: date
    seed: bytes = field(repr=False)

    @property
    def commitment(self) -> str:
        """What is public of the seed ahead: its SHA-256, 64 hex digits."""
        return sha256(self.seed).hexdigest()

    def drawn(self, number: str, line: int, percent: float) -> bool:
        """Does the check take this line of this dossier? `percent` is the share it takes, 0 to 100."""
        return _takes(self.seed, number, line, percent)


class Draws:
    """Every day's random check, from one secret of 32 random bytes that is made at installation and kept by routing."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_BYTES:
            raise ValueError(f"the secret of the random check has {SECRET_BYTES} bytes, not {len(secret)}")
        self._secret = secret

    def seed(self, day: date) -> bytes:
        """The day's seed: HMAC-SHA256 of the day under the secret."""
        return hmac.digest(self._secret, f"{_SEED_OF}{day.isoformat()}".encode(), "sha256")

    def draw(self, day: date) -> Draw:
        """The day's random check."""
        return Draw(day, self.seed(day))

    def commitment(self, day: date) -> str:
        """The day's commitment, which may be known at any time."""
        return self.draw(day).commitment

    def revealed(self, day: date, now: datetime) -> str | None:
        """The day's seed, 64 hex digits, once the day is over in Viet Nam; None before."""
        return self.seed(day).hex() if now >= revealed_at(day) else None


def revealed_at(day: date) -> datetime:
    """When the day's seed becomes public: the local midnight that ends the day."""
    return datetime.combine(day + timedelta(days=1), time(), VIET_NAM)


def audit(seed: str, commitment: str, number: str, line: int, percent: float) -> bool:
    """Would the random check have taken this line? Needs only what is public: hex `seed` and `commitment`.

    Raises:
        NotTheSeed: the seed does not belong to the commitment.
    """
    try:
        shown = bytes.fromhex(seed)
    except ValueError:
        raise NotTheSeed(f"{seed!r} is no seed: it has 64 hex digits. Ask routing for the day again") from None
    if sha256(shown).hexdigest() != commitment.lower():
        raise NotTheSeed("the seed's SHA-256 is not the commitment. Keep both, and ask the window to explain")
    return _takes(shown, number, line, percent)


def _takes(seed: bytes, number: str, line: int, percent: float) -> bool:
    mac = hmac.digest(seed, f"{number}/{line}".encode(), "sha256")
    return int.from_bytes(mac[: _BITS // 8], "big") < percent / 100 * 2.0**_BITS
