"""Platinum: the largest dossiers, all that agencies are told, and many at once."""

import asyncio

from nsw_contracts.adapter.conformance.bench import Stand, expect
from nsw_contracts.adapter.conformance.dossiers import news, oversized
from nsw_contracts.adapter.conformance.rules import rule
from nsw_contracts.adapter.outcomes import Rejected, Taken
from nsw_contracts.lifecycle import Told

_WITH_CONTENT: tuple[Told, ...] = ("edited", "supplemented", "amendment-requested")
_WITHOUT: tuple[Told, ...] = (
    "withdrawn",
    "withdrawal-requested",
    "amendment-agreed",
    "amendment-refused",
    "coordinating-decided",
    "closed",
)


@rule("takes-the-largest", "platinum")
async def takes_the_largest(stand: Stand) -> None:
    """The largest dossier there can be arrives.

    A dossier with 200 lines of goods, each described at the greatest length, is `Taken`, or `Rejected` with a reason
    where the agency's protocol has no room for it; never cut short in silence.

    Why: the largest consignments are those that matter most.

    Mend: do not bound what you send by less than the protocol does; where that does, say so in `Rejected`.
    """
    async with stand.bench() as bench:
        content = oversized(bench.rig.dossier)
        delivery = bench.delivery(content=content)
        outcome = await bench.deliver_one(delivery)
        if isinstance(outcome, Rejected):
            expect(outcome.reason, "the largest dossier is rejected without a reason")
            return
        expect(isinstance(outcome, Taken), f"the largest dossier came to {outcome!r}")
        texts = (await bench.one_effect(delivery)).texts
        last = content.consignment.goods[-1].description
        expect(any(last in text for text in texts), "the largest dossier arrived cut short")


@rule("tells-all-news", "platinum")
async def tells_all_news(stand: Stand) -> None:
    """Whatever happens to a dossier is told, or refused with a reason.

    Edits, supplements, amendments, withdrawals, payments, other agencies' decisions: each is `Taken`, or `Rejected`
    with a reason where the protocol has no word for it.

    Why: an agency that is not told that a dossier was withdrawn goes on with it.

    Mend: match `delivery.work.what` exhaustively. What the agency does not want to hear may be answered `Taken` by
    the adapter itself; say so in your page on the protocol.
    """
    async with stand.bench() as bench:
        agency, dossier = bench.rig.agency, bench.rig.dossier
        await bench.deliver_one()
        told = [news(agency, what, 1, dossier) for what in _WITH_CONTENT]
        told += [news(agency, what, 1) for what in _WITHOUT]
        told.append(news(agency, "fee-paid", 1, amount="300000", currency="VND", reference="FT1"))
        for delivery in told:
            outcome = await bench.deliver_one(delivery)
            what = delivery.work.what
            expect(isinstance(outcome, (Taken, Rejected)), f"{what} came to {outcome!r}")
            expect(isinstance(outcome, Taken) or getattr(outcome, "reason", ""), f"{what} is rejected without a reason")


@rule("delivers-side-by-side", "platinum")
async def delivers_side_by_side(stand: Stand) -> None:
    """As many at once as it declares.

    Twice as many dossiers as `at_once` (or `batch`) are delivered as the host delivers them; all are `Taken`, each
    took effect once.

    Why: one after the other is too slow for a busy ministry, and shared state shows here.

    Mend: keep nothing of a delivery on `self`; size the connection pool by `context.http.connections`.
    """
    async with stand.bench() as bench:
        capabilities = bench.adapter.capabilities
        if capabilities.batch > 1:
            size = min(capabilities.batch, 50)
            deliveries = [bench.delivery(which) for which in range(1, 2 * size + 1)]
            outcomes = [*await bench.deliver(*deliveries[:size]), *await bench.deliver(*deliveries[size:])]
        else:
            deliveries = [bench.delivery(which) for which in range(1, 2 * min(capabilities.at_once, 32) + 1)]
            room = asyncio.Semaphore(capabilities.at_once)

            async def one(which: int) -> object:
                async with room:
                    return await bench.deliver_one(deliveries[which])

            outcomes = await asyncio.gather(*(one(which) for which in range(len(deliveries))))  # type: ignore[assignment]
        wrong = [each for each in outcomes if not isinstance(each, Taken)]
        expect(not wrong, f"{len(wrong)} of {len(outcomes)} came to something else, such as {wrong[:1]!r}")
        for delivery in deliveries:
            await bench.one_effect(delivery)
