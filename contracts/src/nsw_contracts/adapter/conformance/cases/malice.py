"""Gold: answers and messages that are made to hurt do not."""

import tracemalloc
from typing import Final

from nsw_contracts.adapter.conformance.bench import LARGEST_ANSWER, Bench, Stand, expect
from nsw_contracts.adapter.conformance.orders import Saying, Spoiling, Trouble
from nsw_contracts.adapter.conformance.rules import answered, called, hears, rule, signs
from nsw_contracts.adapter.messages import Inbound, Reply, Said
from nsw_contracts.adapter.outcomes import Taken, Unsure

_HUGE: Final = 32 * LARGEST_ANSWER


@rule("survives-bombs-in-replies", "gold", needs=answered, needs_text="The agency's system answers deliveries.")
async def survives_bombs_in_replies(stand: Stand) -> None:
    """Replies without end, in size or in depth, are harmless.

    A reply of 64 MiB and one nested 200,000 levels deep (for XML: with entities that multiply) come to
    `Unsure(unusable=True)`; no more than a few times `largest_answer` is held in memory, and the next delivery works.

    Why: the process serves other agencies too.

    Mend: stop reading at `context.http.largest_answer`; parse with bounds (`strict_json.read_json`; for XML without
    DTD and entities).
    """
    troubles: tuple[Trouble, ...] = ("huge", "deep")
    async with stand.bench() as bench:
        for which, trouble in enumerate(troubles, start=1):
            await bench.order(trouble)
            tracemalloc.start()
            try:
                outcome = await bench.deliver_one(bench.delivery(which))
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            expect(isinstance(outcome, Unsure), f"an agency's `{trouble}` came to {outcome!r}")
            expect(peak < _HUGE, f"an agency's `{trouble}` took {peak >> 20} MiB of memory")
        outcome = await bench.deliver_one(bench.delivery(3))
        expect(isinstance(outcome, Taken), f"afterwards a delivery came to {outcome!r}")


@rule(
    "survives-bombs-in-messages", "gold", needs=hears,
    needs_text="Answers come by callback or by polling.",
)  # fmt: skip
async def survives_bombs_in_messages(stand: Stand) -> None:
    """Messages that are made to hurt are refused.

    Messages that are no words of the protocol, or nested without end, give no facts and raise nothing; a callback
    gets a refusal (4xx, or the protocol's own error). A good message afterwards is read.

    Why: anybody who can reach the door, or the folder, can send anything.

    Mend: catch what your parser raises, and only that; answer in the protocol's words.
    """
    async with stand.bench() as bench:
        await bench.deliver_one()
        spoilings: tuple[Spoiling, ...] = ("garbage", "deep")
        for spoiled in spoilings:
            await _nothing_said(bench, bench.saying(spoiled=spoiled, id=f"kit-{spoiled}"), f"a message of {spoiled}")
        heard = await bench.hear(bench.saying())
        expect(len(heard) == 1, "a good message afterwards is not read")


@rule(
    "lets-nobody-speak-for-others", "gold", needs=hears,
    needs_text="Answers come by callback or by polling.",
)  # fmt: skip
async def lets_nobody_speak_for_others(stand: Stand) -> None:
    """An agency speaks for itself.

    A message that claims to come from another agency gives no facts of that agency: it is refused, or what it says is
    this agency's. (That an agency has the dossier at all is for the host to check.)

    Why: the window's word for what a ministry decided must be that ministry's.

    Mend: facts are made with `agency=context.agency`; refuse a message whose sender is named otherwise.
    """
    async with stand.bench() as bench:
        await bench.deliver_one()
        saying = bench.saying(spoiled="wrong-agency", id="kit-other")
        said = await _heard(bench, saying)
        for message in said:
            for fact in message.facts:
                expect(fact.agency == bench.rig.agency, f"a message was believed to be {fact.agency}'s")


@rule(
    "believes-signatures-only", "gold", needs=signs,
    needs_text="Messages are signed, and answers come by callback or by polling.",
)  # fmt: skip
async def believes_signatures_only(stand: Stand) -> None:
    """What is not signed as it should be says nothing.

    A message without a signature, and one that was changed after it was signed, give no facts.

    Why: the transport says who is connected, the signature says who decided.

    Mend: verify over the exact bytes, before anything in them is looked at, with the algorithms you chose.
    """
    async with stand.bench() as bench:
        await bench.deliver_one()
        spoilings: tuple[Spoiling, ...] = ("unsigned", "tampered")
        for spoiled in spoilings:
            await _nothing_said(
                bench, bench.saying(spoiled=spoiled, id=f"kit-{spoiled}"), f"a message that is {spoiled}"
            )


@rule("refuses-with-a-reason", "gold", needs=called, needs_text="Answers come by callback.")
async def refuses_with_a_reason(stand: Stand) -> None:
    """A refused callback is told why.

    An empty body, half a message and plain text each get a reply with a body that is no success; nothing is raised.

    Why: the agency's engineers read these answers while they connect.

    Mend: say what could not be read; repeat nothing of what was sent.
    """
    async with stand.bench() as bench:
        good = await bench.inbound(bench.saying())
        for body in (b"", good.body[: len(good.body) // 2], b"hello"):
            read = await bench.bounded(bench.adapter.receive(Inbound(headers=good.headers, body=body)))
            if not isinstance(read, Reply):
                expect(condition=False, broken=f"a body of {len(body)} bytes that says nothing gave {read!r}")
                continue
            expect(read.body, "a refusal has no words")


async def _heard(bench: Bench, saying: Saying) -> list[Said]:
    """What comes of a message that may be refused."""
    if "callback" in bench.adapter.capabilities.answers:
        read = await bench.bounded(bench.adapter.receive(await bench.inbound(saying)))
        return [] if isinstance(read, Reply) else list(read)
    bench.rig.leave(saying)
    return list(await bench.bounded(bench.adapter.poll()))


async def _nothing_said(bench: Bench, saying: Saying, what: str) -> None:
    said = await _heard(bench, saying)
    expect(not said, f"{what} was believed")
