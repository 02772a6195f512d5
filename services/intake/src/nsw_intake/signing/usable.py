"""Whether a registered certificate may sign now, and whether a signature's own time is near enough. Pure."""

from datetime import datetime, timedelta

from nsw_intake.signing.certificate import Unfit
from nsw_intake.signing.store import CertificateRow


class FarTime(ValueError):
    """A signature made too long ago, or in the future; the text says what to do."""


def require_usable(row: CertificateRow, now: datetime) -> None:
    """The certificate's use was not ended, and it is valid.

    Raises:
        Unfit: it was, or it is not.
    """
    if row.ended_at is not None:
        raise Unfit(f"the certificate is not used any more: that was ended on {row.ended_at:%Y-%m-%d}")
    if not row.not_before <= now <= row.not_after:
        raise Unfit(f"the certificate is valid from {row.not_before:%Y-%m-%d} to {row.not_after:%Y-%m-%d} only")


def require_near(at: datetime, now: datetime, window: timedelta, name: str) -> None:
    """A signature's time, which stands at `name`, is within the window.

    Raises:
        FarTime: it is not.
    """
    if abs(now - at) > window:
        minutes = int(window.total_seconds() // 60)
        raise FarTime(f"{name} is more than {minutes} minutes from now; sign anew, with the right time")
