"""What businesses were told, and what could not be told. The notifier states it.

What was told is about the dossier; what was not is about the subscription, since one try may be about many dossiers. An
address is in neither.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from nsw_contracts.parts import DossierFact, Fact, TaxCode

Channel = Literal["webhook", "email", "stream"]
Why = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Notified(DossierFact):
    """A business was told of a public fact, whose id is `event_id`.

    `answer` is the HTTP status of its endpoint, the mail server's SMTP reply, or 200 where its live stream took it.
    """

    declarant: TaxCode
    subscription: str
    channel: Channel
    event_id: str
    revision: int
    attempts: int = Field(ge=1)
    answer: int
    notified_at: AwareDatetime


class SubscriptionFact(Fact):
    """Base of what is said of one subscription of a business."""

    declarant: TaxCode
    subscription: str
    channel: Channel

    @property
    def key(self) -> str:
        return self.declarant


class NotDelivered(SubscriptionFact):
    """One try to tell a business failed; what it was to be told waits, and is told later.

    `message_id` is the request's `webhook-id` or the e-mail's id, `events` how many events were in it. `came_back`: the
    mail server had taken the e-mail, and returned it later; which one is not known then, and `message_id` is empty.
    `answer` is as in `Notified`, 0 where nothing answered.
    """

    message_id: Annotated[str, StringConstraints(max_length=200)]
    events: int = Field(ge=0)
    attempt: int = Field(ge=1)
    answer: int
    came_back: bool = False
    reason: Why
    tried_at: AwareDatetime


class SubscriptionDisabled(SubscriptionFact):
    """From now on nothing is sent; what comes waits until the business resumes the subscription."""

    reason: Why
    disabled_at: AwareDatetime
