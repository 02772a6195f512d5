"""Silver: lost replies, repeats, and an agency's system that is slow, busy, broken or dead."""

from nsw_contracts.adapter.conformance.bench import SHORT_SECONDS, Stand, expect
from nsw_contracts.adapter.conformance.orders import Trouble
from nsw_contracts.adapter.conformance.rules import answered, asks, batches, rule
from nsw_contracts.adapter.outcomes import Misconfigured, NotThere, Rejected, Taken, TryAgain, Unsure


@rule("one-effect-after-a-lost-reply", "silver")
async def one_effect_after_a_lost_reply(stand: Stand) -> None:
    """A message whose reply was lost takes effect once.

    The agency's system applies a message and the connection ends before its reply. That comes to `Unsure`. The host
    then asks by message id where the adapter can, else repeats; either comes to `Taken`, and the message took effect
    once.

    Why: this happens every day somewhere, and a dossier that counts twice cannot be taken back.

    Mend: whatever can have arrived is `Unsure`, never `TryAgain`. Have the agency's system drop repeats by message id
    (`drops_repeats`), or offer a question (`query`).
    """
    async with stand.bench() as bench:
        delivery = bench.delivery()
        await bench.order("lose-reply")
        lost = await bench.deliver_one(delivery)
        expect(isinstance(lost, Unsure), f"a lost reply came to {lost!r}")
        after = await bench.settle(delivery)
        expect(isinstance(after, Taken), f"after the lost reply the message came to {after!r}")
        await bench.one_effect(delivery)


@rule(
    "repeats-without-harm", "silver",
    needs=lambda capabilities: capabilities.drops_repeats, needs_text="The agency's system drops repeats.",
)  # fmt: skip
async def repeats_without_harm(stand: Stand) -> None:
    """A repeated message takes effect once.

    The same delivery three times comes to `Taken` three times, and took effect once.

    Why: after a crash the host cannot know whether a message went out.

    Mend: send the same message id each time. If the agency's system counts repeats, do not declare `drops_repeats`.
    """
    async with stand.bench() as bench:
        for _ in range(3):
            outcome = await bench.deliver_one()
            expect(isinstance(outcome, Taken), f"a repeat came to {outcome!r}")
        await bench.one_effect(bench.delivery())


@rule("asks-without-harm", "silver", needs=asks, needs_text="It can ask by message id.")
async def asks_without_harm(stand: Stand) -> None:
    """A question changes nothing.

    Asking for a message that was never sent gives `NotThere`, twice, and leaves nothing at the agency; asking for one
    that was delivered gives `Taken`.

    Why: the host asks before it repeats. A question that counts as a message would do what it is there to prevent.

    Mend: `NotThere` only where the agency's system said that it does not know this id, in an answer about this id.
    """
    async with stand.bench() as bench:
        for _ in range(2):
            known = await bench.bounded(bench.adapter.query(bench.delivery()))
            expect(isinstance(known, NotThere), f"a message that was never sent: query gave {known!r}")
        expect(not await bench.effects(), "asking left something at the agency")
        await bench.deliver_one()
        known = await bench.bounded(bench.adapter.query(bench.delivery()))
        expect(isinstance(known, Taken), f"a message that was delivered: query gave {known!r}")
        await bench.one_effect(bench.delivery())


@rule("tells-failures-apart", "silver")
async def tells_failures_apart(stand: Stand) -> None:
    """Later, never, perhaps and broken are told apart.

    An agency that is busy comes to `TryAgain`; one that will never take the message to `Rejected` (where it answers
    deliveries); one that fails to `Unsure` or `TryAgain`; one that refuses the login to `Misconfigured`. Nothing took
    effect, and afterwards the same message is delivered.

    Why: a dossier that is retried for ever, or parked because of a wrong password, waits for a person who is not
    told.

    Mend: a literal table of the protocol's codes beside your client; an unknown code is `Unsure`.
    """
    wanted: dict[Trouble, tuple[type, ...]] = {
        "busy": (TryAgain,),
        "err": (Unsure, TryAgain),
        "refuse": (Rejected,),
        "lock-out": (Misconfigured,),
    }
    async with stand.bench() as bench:
        if not answered(bench.adapter.capabilities):
            del wanted["refuse"]
        for trouble, outcomes in wanted.items():
            await bench.order(trouble)
            outcome = await bench.deliver_one()
            expect(isinstance(outcome, outcomes), f"an agency's `{trouble}` came to {outcome!r}")
            expect(getattr(outcome, "reason", ""), f"`{trouble}` has no reason for the operator")
        expect(not await bench.effects(), "a message that was refused took effect")
        after = await bench.deliver_one()
        expect(isinstance(after, Taken), f"afterwards the message came to {after!r}")


@rule("gives-up-in-time", "silver")
async def gives_up_in_time(stand: Stand) -> None:
    """A system that hangs or drips is left in time.

    An agency that never answers, and one whose answer comes byte by byte without end, come to `Unsure` within the
    timeout and a few seconds; after the first one, the next delivery works.

    Why: the host cancels what takes longer, and learns less then than the adapter could tell.

    Mend: bound the whole exchange by `context.http.timeout_seconds`, not each read.
    """
    troubles: tuple[Trouble, ...] = ("hang", "slow")
    for trouble in troubles:
        async with stand.bench(seconds=SHORT_SECONDS) as bench:
            await bench.order(trouble)
            outcome = await bench.deliver_one()
            expect(isinstance(outcome, (Unsure, TryAgain)), f"an agency's `{trouble}` came to {outcome!r}")
            expect(isinstance(outcome, Unsure), f"`{trouble}` may have arrived; it is Unsure, not {outcome!r}")
    async with stand.bench() as bench:
        outcome = await bench.settle(bench.delivery())
        expect(isinstance(outcome, Taken), f"afterwards the message came to {outcome!r}")


@rule("believes-no-wrong-answer", "silver", needs=answered, needs_text="The agency's system answers deliveries.")
async def believes_no_wrong_answer(stand: Stand) -> None:
    """An answer that cannot be right is not believed.

    An answer that is no message of the protocol, and one about another message id, come to `Unsure(unusable=True)`.

    Why: `Taken` means that the agency has this dossier. After some unusable answers the dossier is parked for a
    person.

    Mend: read answers strictly, and compare the message id in them.
    """
    troubles: tuple[Trouble, ...] = ("garbage", "wrong-id")
    async with stand.bench() as bench:
        for which, trouble in enumerate(troubles, start=1):
            await bench.order(trouble)
            outcome = await bench.deliver_one(bench.delivery(which))
            expect(isinstance(outcome, Unsure) and outcome.unusable, f"an agency's `{trouble}` came to {outcome!r}")


@rule(
    "keeps-a-batch-apart", "silver", needs=batches,
    needs_text="It delivers several at once.",
)  # fmt: skip
async def keeps_a_batch_apart(stand: Stand) -> None:
    """In a batch each message has its own outcome.

    A batch gives one outcome for each message, in order, each taking effect once; a batch whose reply was lost is
    `Unsure` throughout, and its repeat takes effect once.

    Why: five hundred dossiers share a reply, and none may be lost or doubled with it.

    Mend: match answers by message id, never by place.
    """
    async with stand.bench() as bench:
        size = min(bench.adapter.capabilities.batch, 20)
        deliveries = [bench.delivery(which) for which in range(1, size + 1)]
        await bench.order("lose-reply")
        lost = await bench.deliver(*deliveries)
        expect(all(isinstance(one, Unsure) for one in lost), "a batch whose reply was lost is not Unsure throughout")
        outcomes = await bench.deliver(*deliveries)
        expect(all(isinstance(one, Taken) for one in outcomes), f"the repeated batch came to {outcomes!r}")
        for delivery in deliveries:
            await bench.one_effect(delivery)
