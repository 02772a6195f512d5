"""Deliveries to agencies, each through its adapter: in groups, in order within a dossier, asked for before repeated.

The message id of a delivery stays the same however often it is tried. Before a message is repeated that may have
arrived, the adapter asks for it by id, where it can. Nothing an adapter or an agency does can hurt other agencies:
every call is bounded in time, and an exception is a failed try of this agency alone.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar

from nsw_contracts.adapter import (
    CannotSay,
    Delivery,
    Known,
    NotThere,
    Outcome,
    Rejected,
    Taken,
    Unsure,
)
from nsw_runtime.intents import Pending
from nsw_runtime.sender import Attempt, end_span
from nsw_runtime.telemetry import DOSSIER, Telemetry, traceparent_of
from opentelemetry.trace import Span, SpanKind

from nsw_ministry_adapter.circuit import PROBE
from nsw_ministry_adapter.hosting import Hosted
from nsw_ministry_adapter.meaning import Meaning

log = logging.getLogger(__name__)

ONE_BY_ONE_GROUP: Final = 64  # deliveries whose results are committed together

T = TypeVar("T")
Early = Callable[[str, Sequence[str]], Awaitable[Mapping[str, datetime]]]
"""When deliveries (agency, message ids) were answered that are not settled yet."""


class AgencyTransport:
    """Carries deliveries to the hosted agencies. `paused` says which of them are left alone now."""

    def __init__(
        self, hosted: Mapping[str, Hosted], paused: Callable[[str], bool], early: Early, telemetry: Telemetry
    ) -> None:
        self._hosted = hosted
        self._paused = paused
        self._early = early
        self._telemetry = telemetry

    def most(self, lane: str) -> int:
        """How many deliveries go together; 0 for an agency that is not hosted here, or paused."""
        hosted = self._hosted.get(lane)
        if hosted is None or self._paused(lane):
            return 0
        batch = hosted.adapter.capabilities.batch
        most = batch if batch > 1 else ONE_BY_ONE_GROUP
        return min(most, PROBE) if hosted.circuit.open else most

    def wait(self, lane: str) -> float:
        """Deliveries go at once."""
        del lane
        return 0.0

    async def send(self, lane: str, pending: Sequence[Pending]) -> Sequence[Attempt]:
        """Deliver to one agency."""
        hosted = self._hosted[lane]
        await hosted.pace.take(len(pending))
        spans = [self._span(one) for one in pending] if self._telemetry.enabled else [None] * len(pending)
        deliveries = [
            Delivery(
                message_id=one.id,
                agency=lane,
                number=one.dossier,
                raw=one.body,
                tries=one.attempts,
                traceparent=one.traceparent if span is None else traceparent_of(span),
            )
            for one, span in zip(pending, spans, strict=True)
        ]
        outcomes: Sequence[Outcome | None] = await _Group(hosted).outcomes(deliveries)
        outcomes = await self._believe_answers(lane, deliveries, outcomes)
        meaning = Meaning(hosted, outcomes)
        attempts = [meaning.attempt(*each) for each in zip(pending, deliveries, outcomes, strict=True)]
        for span, attempt in zip(spans, attempts, strict=True):
            end_span(span, attempt)
        return attempts

    async def _believe_answers(
        self, lane: str, deliveries: Sequence[Delivery], outcomes: Sequence[Outcome | None]
    ) -> Sequence[Outcome | None]:
        """An agency that has answered a message has it, whatever became of the reply to its delivery."""
        doubtful = [
            delivery.message_id
            for delivery, outcome in zip(deliveries, outcomes, strict=True)
            if isinstance(outcome, (Unsure, Rejected))
        ]
        answered = await self._early(lane, doubtful) if doubtful else {}
        return [
            Taken(answered[delivery.message_id]) if delivery.message_id in answered else outcome
            for delivery, outcome in zip(deliveries, outcomes, strict=True)
        ]

    def _span(self, one: Pending) -> Span | None:
        return self._telemetry.span(
            f"deliver {one.lane}",
            one.traceparent,
            kind=SpanKind.CLIENT,
            attributes={DOSSIER: one.dossier, "nsw.agency": one.lane, "http.request.resend_count": one.attempts},
        )


class _Group:
    """One group of deliveries to one agency. An outcome of None: not tried, one before it of its dossier failed."""

    def __init__(self, hosted: Hosted) -> None:
        self._hosted = hosted
        self._adapter = hosted.adapter

    async def outcomes(self, deliveries: Sequence[Delivery]) -> list[Outcome | None]:
        """One for each delivery, in order."""
        if self._adapter.capabilities.batch > 1:
            return await self._batch(deliveries)
        return await self._one_by_one(deliveries)

    async def _batch(self, deliveries: Sequence[Delivery]) -> list[Outcome | None]:
        """In one exchange, but for what is known already, and what comes behind a message that may not go yet."""
        known: dict[str, Outcome] = {}
        behind: set[str] = set()
        new: list[Delivery] = []
        for one in deliveries:
            found = None if one.number in behind else await self._ask_first(one)
            if found is not None:
                known[one.message_id] = found
            elif one.number not in behind:
                new.append(one)
            if found is not None and not isinstance(found, Taken):
                behind.add(one.number)
        known |= dict(zip((one.message_id for one in new), await self._deliver_many(new), strict=True))
        return [known.get(one.message_id) for one in deliveries]

    async def _deliver_many(self, deliveries: Sequence[Delivery]) -> list[Outcome]:
        """What is rejected whole goes again in halves, so that the one that is bad is found."""
        if not deliveries:
            return []
        outcomes = await self._bounded(self._adapter.deliver_many(deliveries))
        if isinstance(outcomes, Unsure):
            return [outcomes] * len(deliveries)
        if len(outcomes) != len(deliveries):
            return [self._fault(f"{len(outcomes)} outcomes for {len(deliveries)} deliveries")] * len(deliveries)
        if len(deliveries) > 1 and all(isinstance(outcome, Rejected) for outcome in outcomes):
            half = len(deliveries) // 2
            return [*await self._deliver_many(deliveries[:half]), *await self._deliver_many(deliveries[half:])]
        return list(outcomes)

    async def _one_by_one(self, deliveries: Sequence[Delivery]) -> list[Outcome | None]:
        """Dossiers side by side; one dossier's messages one after the other, and none after one that failed."""
        outcomes: dict[str, Outcome] = {}
        room = asyncio.Semaphore(self._adapter.capabilities.at_once)

        async def dossier(of_one: Sequence[Delivery]) -> None:
            for one in of_one:
                async with room:
                    outcomes[one.message_id] = outcome = await self._one(one)
                if not isinstance(outcome, Taken):
                    break

        of_dossier: dict[str, list[Delivery]] = {}
        for one in deliveries:
            of_dossier.setdefault(one.number, []).append(one)
        await asyncio.gather(*(dossier(of_one) for of_one in of_dossier.values()))
        return [outcomes.get(one.message_id) for one in deliveries]

    async def _one(self, delivery: Delivery) -> Outcome:
        known = await self._ask_first(delivery)
        return known if known is not None else await self._bounded(self._adapter.deliver(delivery))

    async def _ask_first(self, delivery: Delivery) -> Outcome | None:
        """What is known of a message that may have arrived; None: it can be delivered.

        A first try may be a second one: a process that crashed after it had sent left no trace of that. It matters only
        to an agency's system that does not drop repeats.
        """
        capabilities = self._adapter.capabilities
        if not capabilities.query or (capabilities.drops_repeats and not delivery.tries):
            return None
        known: Known | Unsure = await self._bounded(self._adapter.query(delivery))
        match known:
            case NotThere():
                return None
            case CannotSay(reason):
                return Unsure(f"whether it has arrived cannot be asked: {reason}")
            case Taken() | Unsure():
                return known
        return self._fault(f"query gave {type(known).__name__}")  # type: ignore[unreachable]  # an adapter may

    async def _bounded(self, call: Awaitable[T]) -> T | Unsure:
        try:
            async with asyncio.timeout(self._hosted.seconds):
                return await call
        except TimeoutError:
            return Unsure("no answer in time")
        except Exception as error:
            log.exception("an adapter raised", extra={"agency": self._hosted.code})
            return self._fault(type(error).__name__)

    def _fault(self, what: str) -> Unsure:
        return Unsure(f"fault of the adapter {self._adapter.manifest.name}: {what}", unusable=True)
