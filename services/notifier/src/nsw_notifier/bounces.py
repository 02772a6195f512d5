"""Messages that came back later: a delivery status notification (RFC 3464), as the mail system hands it on.

The address it was sent to names the subscription and proves it; the report says what became of the message.
"""

import email
import email.policy
from collections.abc import Iterator
from email.message import Message
from typing import Final, NamedTuple

from nsw_notifier import links

REPORT_BYTES: Final = 256 * 1024
_TO: Final = ("Delivered-To", "X-Original-To", "To")
_PARTS: Final = 50


class Bounce(NamedTuple):
    """What a report says. `token` names the subscription; `status` is RFC 3463's, such as 5.1.1."""

    token: str
    failed: bool
    status: str


def read_report(report: bytes) -> Bounce | None:
    """A bounce, or None: this is no report about one of our messages."""
    message = email.message_from_bytes(report, policy=email.policy.compat32)
    token = next((to for name in _TO for to in message.get_all(name, ()) if links.named(str(to))), None)
    if token is None:
        return None
    for fields in _recipients(message):
        action, status = str(fields.get("Action", "")).strip().lower(), str(fields.get("Status", "")).strip()[:20]
        if action:
            return Bounce(str(token), action == "failed" and status.startswith("5"), status)
    return None


def _recipients(message: Message) -> Iterator[Message]:
    """The groups of fields of a report's delivery-status part."""
    for number, part in enumerate(message.walk()):
        if number > _PARTS:
            return
        if part.get_content_type() == "message/delivery-status":
            groups = part.get_payload()
            yield from (one for one in groups if isinstance(one, Message)) if isinstance(groups, list) else ()
