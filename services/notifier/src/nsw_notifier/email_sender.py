"""E-mails out: everything that waits for a mailbox goes in one digest; each event in it becomes a fact."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from nsw_contracts.envelope import fact_id
from nsw_runtime.clock import Clock
from nsw_runtime.intents import Pending
from nsw_runtime.journal import Entry
from nsw_runtime.sender import Done, Held, Retry

from nsw_notifier import trying
from nsw_notifier.deliveries import Delivery
from nsw_notifier.facts import notified
from nsw_notifier.letters import Letters
from nsw_notifier.mailer import Bounced, Mailer, NotPosted, Posted
from nsw_notifier.outcome import Group
from nsw_notifier.settings import NotifierSettings
from nsw_notifier.subscription import Subscription
from nsw_notifier.webhook import EventReference

_DIGEST: Final = "digest"


class EmailSender:
    """Sends one mailbox's events, and asks mailboxes whether they want them."""

    def __init__(self, *, settings: NotifierSettings, mailer: Mailer, letters: Letters, clock: Clock) -> None:
        self._settings = settings
        self._mailer = mailer
        self._letters = letters
        self._clock = clock
        self._disable_after = timedelta(days=settings.disable_after_days)

    async def send(self, to: Subscription, pending: Sequence[Pending]) -> Group:
        """One digest; what came of it."""
        now = self._clock()
        message_id = fact_id("/".join(one.id for one in pending), _DIGEST)
        message = self._letters.digest(to, [one.body for one in pending], message_id)
        said = await self._mailer.send(to, message)
        tries = pending[0].attempts + 1
        why = "" if isinstance(said, Posted) else _why(said)
        group = Group(to, ())
        group.deliveries.append(
            Delivery(
                subscription=to.id,
                declarant=to.declarant,
                message_id=message_id,
                at=now,
                took_ms=said.took_ms,
                attempt=tries,
                answer=said.code,
                error=why,
                events=len(pending),
                body=b"\n".join(one.body for one in pending) if isinstance(said, Posted) else None,
            )
        )
        if isinstance(said, Posted):
            group.turn = "well" if to.failing_since is not None else None
            group.attempts = [Done(self._told(to, one, said.code, tries)) for one in pending]
            return group
        group.attempts = [Retry(why, trying.wait(tries)), *(Held() for _ in pending[1:])]
        if isinstance(said, Bounced):
            group.turn, group.why = "dead", why
        elif said.mailbox and to.failing_since is None:
            group.turn = "failing"
        elif said.mailbox and to.failing_since is not None and now - to.failing_since >= self._disable_after:
            group.turn, group.why = "dead", f"nothing got through for {self._settings.disable_after_days:g} days: {why}"
        return group

    async def ask(self, to: Subscription, pending: Sequence[Pending]) -> Group:
        """Send the confirmation link; whoever opens it and agrees verifies the subscription."""
        one = pending[0]
        said = await self._mailer.send(to, self._letters.confirmation(to, one.id))
        if isinstance(said, Posted):
            return Group(to, [Done(())] * len(pending))
        if isinstance(said, NotPosted):
            wait = Retry(_why(said), trying.wait(one.attempts + 1))
            return Group(to, [wait] * len(pending))
        return Group(to, [Done(())] * len(pending), turn="unverified", why=_why(said))

    def _told(self, to: Subscription, one: Pending, answer: int, tries: int) -> list[Entry]:
        if not one.dossier:
            return []  # a notice about another subscription
        fact = notified(
            EventReference.model_validate_json(one.body),
            declarant=to.declarant,
            subscription=to.id,
            channel="email",
            identity=one.id,
            answer=answer,
            at=self._clock(),
            attempts=tries,
            traceparent=one.traceparent,
        )
        return [fact]


def _why(said: Bounced | NotPosted) -> str:
    return f"the mailbox was refused with {said.code}" if isinstance(said, Bounced) else said.why
