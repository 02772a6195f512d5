"""What one group of a lane came to: attempts, rows for the delivery log, and what it says of the subscription itself.

The rows and the latter are written in the transaction that commits the attempts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from nsw_runtime.sender import Attempt

from nsw_notifier.deliveries import Delivery
from nsw_notifier.subscription import Subscription

Turn: TypeAlias = Literal["well", "failing", "dead", "verified", "unverified"]
"""`well`: it takes events again; `failing`: it has just begun not to; `dead`: it is disabled, `why`; `verified`: it
has answered the challenge; `unverified`: it has not, `why`."""


@dataclass(slots=True)
class Group:
    """One group of one subscription."""

    subscription: Subscription
    attempts: Sequence[Attempt]
    deliveries: list[Delivery] = field(default_factory=list)
    turn: Turn | None = None
    why: str = ""
