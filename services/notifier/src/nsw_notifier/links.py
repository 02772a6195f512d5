"""Links that say by themselves whom they are for: a subscription's id and a tag only its secret can make.

Nothing is stored for them, they cannot be guessed, and they end with the subscription.
"""

import hmac
import re
from hashlib import sha256
from typing import Final, Literal

from nsw_notifier.subscription import Subscription

Purpose = Literal["confirm", "unsubscribe", "bounce"]
_TOKEN: Final = re.compile(r"(sub_[0-9a-f]{16})\.([0-9a-f]{32})")
_TAG_DIGITS: Final = 32  # 128 bits


def token(purpose: Purpose, subscription: Subscription) -> str:
    """The token of a link for this purpose."""
    return f"{subscription.id}.{_tag(purpose, subscription)}"


def named(text: str) -> str | None:
    """The subscription that a token names; None: this is no token."""
    found = _TOKEN.search(text)
    return None if found is None else found[1]


def fits(text: str, purpose: Purpose, subscription: Subscription) -> bool:
    """Whether this is the subscription's token for this purpose."""
    found = _TOKEN.search(text)
    return found is not None and hmac.compare_digest(found[0], token(purpose, subscription))


def _tag(purpose: Purpose, subscription: Subscription) -> str:
    said = f"{purpose}/{subscription.id}/{subscription.address}"
    return hmac.digest(subscription.secret.encode(), said.encode(), sha256).hex()[:_TAG_DIGITS]
