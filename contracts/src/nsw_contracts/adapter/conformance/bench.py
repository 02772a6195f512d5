"""One adapter, opened as the host opens it, against a test agency that remembers nothing yet."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from nsw_contracts.adapter.conformance import dossiers
from nsw_contracts.adapter.conformance.given import Given
from nsw_contracts.adapter.conformance.orders import SAMPLES, Effect, Saying, Trouble, Way
from nsw_contracts.adapter.conformance.rig import Rig
from nsw_contracts.adapter.context import HttpSettings
from nsw_contracts.adapter.discovery import settings_of
from nsw_contracts.adapter.messages import Delivery, Inbound, Said
from nsw_contracts.adapter.outcomes import CannotSay, NotThere, Outcome, Taken
from nsw_contracts.adapter.protocol import MinistryAdapter
from nsw_contracts.parts import DossierContent

USUAL_SECONDS: Final = 20.0
"""The timeout where the agency is to answer; generous, for a busy machine."""

SHORT_SECONDS: Final = 1.0
"""The timeout where it is not going to."""

GRACE_SECONDS: Final = 5.0
"""How much later than its own timeout an adapter is cancelled, as by the host."""

LARGEST_ANSWER: Final = 1 << 20

T = TypeVar("T")
log = logging.getLogger(__name__)


class Broken(AssertionError):
    """The adapter broke a rule; the text says how, for its author."""


def expect(condition: object, broken: str) -> None:
    """Go on where the condition holds.

    Raises:
        Broken: it does not.
    """
    if not condition:
        raise Broken(broken)


class Bench:
    """What cases use. Calls of the adapter are bounded as the host bounds them."""

    def __init__(self, rig: Rig, way: Way, adapter: MinistryAdapter, given: Given, http: HttpSettings) -> None:
        self.rig = rig
        self.way = way
        self.adapter = adapter
        self.given = given
        self._seconds = http.timeout_seconds + GRACE_SECONDS

    # --- deliveries ------------------------------------------------------------------------------------------------

    def delivery(self, which: int = 1, content: DossierContent | None = None, **more: Any) -> Delivery:
        """A new dossier's delivery; the same `which` gives the same one."""
        return dossiers.delivery(self.rig.agency, content or self.rig.dossier, which, **more)

    async def deliver(self, *deliveries: Delivery) -> list[Outcome]:
        """Deliver as the host would: in one exchange, or one after the other."""
        if self.adapter.capabilities.batch > 1:
            outcomes = list(await self.bounded(self.adapter.deliver_many(deliveries)))
            expect(
                len(outcomes) == len(deliveries), f"deliver_many gave {len(outcomes)} outcomes for {len(deliveries)}"
            )
            return outcomes
        return [await self.bounded(self.adapter.deliver(each)) for each in deliveries]

    async def deliver_one(self, delivery: Delivery | None = None) -> Outcome:
        """Deliver one."""
        (outcome,) = await self.deliver(delivery or self.delivery())
        return outcome

    async def settle(self, delivery: Delivery) -> Outcome:
        """What the host does after a try that may have arrived: ask where it can, and repeat what is not there."""
        again = delivery.model_copy(update={"tries": delivery.tries + 1})
        if self.adapter.capabilities.query:
            known = await self.bounded(self.adapter.query(again))
            if isinstance(known, Taken):
                return known
            expect(not isinstance(known, CannotSay), f"query cannot say: {getattr(known, 'reason', '')}")
            expect(isinstance(known, NotThere), f"query gave {type(known).__name__}")
        return await self.deliver_one(again)

    async def bounded(self, call: Awaitable[T]) -> T:
        """Await a call of the adapter for as long as the host would."""
        try:
            async with asyncio.timeout(self._seconds):
                return await call
        except TimeoutError:
            raise Broken(f"it did not return within its timeout and {GRACE_SECONDS:.0f} s more") from None

    # --- the agency ------------------------------------------------------------------------------------------------

    async def order(self, trouble: Trouble, times: int = 1) -> None:
        """Have the agency's next requests go wrong."""
        await asyncio.to_thread(self.rig.order, trouble, times)

    async def effects(self) -> dict[str, Effect]:
        """What reached the agency, by message id."""
        return {each.message_id: each for each in await asyncio.to_thread(self.rig.effects)}

    async def one_effect(self, delivery: Delivery) -> Effect:
        """The effect of a message: there is one, and it counts once."""
        effect = (await self.effects()).get(delivery.message_id)
        if effect is None:
            raise Broken("the agency never got the message under its message id")
        expect(effect.applied == 1, f"the message took effect {effect.applied} times")
        expect(effect.number == delivery.number, "the agency got another dossier number")
        return effect

    def saying(self, which: int = 1, kind: str | None = None, **more: Any) -> Saying:
        """Something the agency is to say about the dossier of `delivery(which)`."""
        word = kind or ("accepted" if "accepted" in self.rig.words else self.rig.words[0])
        about = self.delivery(which)
        told = {"id": f"kit-{which}-{word}", "number": about.number, "kind": word, "message_id": about.message_id}
        return Saying.model_validate(told | {"fields": dict(SAMPLES[word])} | more)

    async def hear(self, saying: Saying) -> Sequence[Said]:
        """Have the agency say it in whichever way it has of its own accord, and read it."""
        if "callback" in self.adapter.capabilities.answers:
            return await self.read(await self.inbound(saying))
        await asyncio.to_thread(self.rig.leave, saying)
        return await self.bounded(self.adapter.poll())

    async def inbound(self, saying: Saying) -> Inbound:
        """The request that says it."""
        return await asyncio.to_thread(self.rig.message, saying)

    async def read(self, inbound: Inbound) -> Sequence[Said]:
        """Read a request that is well."""
        read = await self.bounded(self.adapter.receive(inbound))
        if not isinstance(read, Sequence):
            raise Broken(f"a good message was answered {read.status}: {read.body[:200]!r}")
        return read


class Stand:
    """Where benches are opened: one running rig, for one case after the other."""

    def __init__(self, rig: Rig, way: Way) -> None:
        self.rig = rig
        self.way = way

    @asynccontextmanager
    async def bench(self, *, seconds: float = USUAL_SECONDS, nowhere: bool = False) -> AsyncIterator[Bench]:
        """An opened adapter. `nowhere`: the agency's system is down."""
        given, http = self.given(seconds)
        adapter = self.rig.adapter(
            given.context, settings_of(self.rig.adapter, self.way.nowhere if nowhere else self.way.settings)
        )
        await adapter.open()
        try:
            yield Bench(self.rig, self.way, adapter, given, http)
        finally:
            await adapter.close()

    def given(self, seconds: float) -> tuple[Given, HttpSettings]:
        """What the adapter is given."""
        http = HttpSettings.model_validate(
            {"plain_loopback": True, "largest_answer": LARGEST_ANSWER} | self.way.http | {"timeout_seconds": seconds}
        )

        given = Given(
            self.rig.agency,
            http,
            self.way.secrets,
            callback_url="https://window.invalid/v1/agencies/messages",
        )
        return given, http
