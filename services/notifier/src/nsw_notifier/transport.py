"""How the notifier carries out its intents: each subscription is a lane, and another lane holds its challenges.

A subscription that is paused or disabled is not served: what comes for it waits in Postgres until it is resumed.
"""

from collections.abc import Sequence
from typing import Final

from nsw_runtime.clock import Clock
from nsw_runtime.database import UNAVAILABLE, Connection
from nsw_runtime.intents import Pending
from nsw_runtime.journal import Entry
from nsw_runtime.sender import Attempt, Done, Held, Retry

from nsw_notifier import deliveries, signals, store
from nsw_notifier.directory import Directory
from nsw_notifier.disabling import disable
from nsw_notifier.email_sender import EmailSender
from nsw_notifier.facts import not_delivered
from nsw_notifier.outcome import Group
from nsw_notifier.settings import NotifierSettings
from nsw_notifier.subscription import challenged
from nsw_notifier.verification import Challenger
from nsw_notifier.webhook_sender import SINGLE_GROUP, WebhookSender

LANES_AT_ONCE: Final = 256  # endpoints may be slow, and are many


class NotifierTransport:
    """Serves lanes, and keeps what came of them."""

    def __init__(
        self,
        *,
        settings: NotifierSettings,
        directory: Directory,
        webhooks: WebhookSender,
        emails: EmailSender,
        challenger: Challenger,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._webhooks = webhooks
        self._emails = emails
        self._challenger = challenger
        self._clock = clock
        self._groups: dict[str, Group] = {}  # on their way into a commit, by lane

    def most(self, lane: str) -> int:
        """How many go at once; none where the subscription is known not to be active."""
        known = self._directory.at_hand(lane)
        if known is None:
            return SINGLE_GROUP
        if known.state != "active":
            return 0
        return self._webhooks.most(known) if known.kind == "webhook" else self._settings.mail_events

    def wait(self, lane: str) -> float:
        """Events for batches and e-mails gather; singles go at once."""
        known = self._directory.at_hand(lane)
        if known is not None and known.kind == "email":
            return self._settings.mail_wait_seconds
        return self._settings.batch_wait_seconds if known is not None and known.delivery == "batch" else 0.0

    async def send(self, lane: str, pending: Sequence[Pending]) -> Sequence[Attempt]:
        """Send one lane's intents, in order."""
        asked = challenged(lane)
        self._groups.pop(lane, None)
        try:
            subscription = await self._directory.get(asked or lane)
        except UNAVAILABLE as error:
            return [Retry(f"Postgres: {type(error).__name__}")] * len(pending)
        if subscription is None or (asked and subscription.state != "unverified"):
            return [Done(())] * len(pending)  # removed, or verified meanwhile: there is nothing left to do
        if not asked and subscription.state != "active":
            return [Held()] * len(pending)
        if subscription.kind == "email":
            group = await (self._emails.ask if asked else self._emails.send)(subscription, pending)
        else:
            group = await (self._challenger if asked else self._webhooks).send(subscription, pending)
        self._groups[lane] = group
        return group.attempts

    async def keep(self, connection: Connection, finished: Sequence[tuple[Pending, Attempt]]) -> Sequence[Entry]:
        """Write the delivery log, and what became of the subscriptions themselves; what failed, as facts."""
        lanes = dict.fromkeys(pending.lane for pending, _ in finished)
        groups = [self._groups.pop(lane) for lane in lanes if lane in self._groups]
        await deliveries.add(connection, [row for group in groups for row in group.deliveries])
        facts = [
            not_delivered(row, group.subscription.kind)
            for group in groups
            for row in group.deliveries
            if row.body is None
        ]
        for group in groups:
            if group.turn is not None:
                facts += await self._turn(connection, group)
        return facts

    async def _turn(self, connection: Connection, group: Group) -> list[Entry]:
        subscription, facts = group.subscription, list[Entry]()
        match group.turn:
            case "verified":
                await store.set_state(connection, subscription.id, "active", "", when=["unverified"])
            case "unverified":
                await store.note(connection, subscription.id, f"{group.why}. Mend it, then POST …/verify")
            case "failing":
                await store.failing(connection, subscription.id, self._clock())
            case "well":
                await store.failing(connection, subscription.id, None)
            case _:
                mend = "Mend it, then POST …/resume: what came meanwhile waits"
                facts = await disable(connection, subscription, group.why, mend, self._clock(), when=["active"])
        await signals.tell_turned(connection, [subscription.id])
        return facts
