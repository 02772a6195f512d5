"""What the agency says becomes the window's facts: the right ones, about the right dossier, told apart by id."""

from typing import Any

from nsw_contracts.adapter.conformance.bench import Bench, Stand, expect
from nsw_contracts.adapter.conformance.orders import SAMPLES, Saying
from nsw_contracts.adapter.conformance.rules import called, hears, inline, polls, rule
from nsw_contracts.adapter.messages import Judged, Said
from nsw_contracts.adapter.outcomes import Taken
from nsw_contracts.events import AGENCY_FACTS, AgencyFact, says

_WORD_OF = {model: says(kind) for kind, model in AGENCY_FACTS.items()}


def right(fact: AgencyFact, saying: Saying, agency: str) -> None:
    """Whether a fact says what the agency said."""
    expect(_WORD_OF[type(fact)] == saying.kind, f"{saying.kind} became {type(fact).__name__}")
    expect(fact.number == saying.number, f"{saying.kind} is about dossier {fact.number}, not {saying.number}")
    expect(fact.agency == agency, f"{saying.kind} is said by {fact.agency}, not {agency}")
    told: dict[str, Any] = fact.model_dump(mode="json")
    for name, value in saying.fields.items():
        expect(told.get(name) == value, f"{saying.kind}: `{name}` is {told.get(name)!r}, not {value!r}")


def one_fact(messages: object, saying: Saying, agency: str) -> Said:
    """The one message, with the one fact, that was said."""
    expect(isinstance(messages, (list, tuple)), f"it gave {type(messages).__name__}, no sequence of messages")
    said: list[Said] = list(messages)  # type: ignore[call-overload]
    expect(len(said) == 1, f"one message became {len(said)}")
    expect(len(said[0].facts) == 1, f"one word became {len(said[0].facts)} facts")
    right(said[0].facts[0], saying, agency)
    return said[0]


@rule(
    "hears-replies", "bronze", needs=inline, needs_text="Answers come inline."
)  # fmt: skip
async def hears_replies(stand: Stand) -> None:
    """Decisions in a reply become facts.

    A decision that the agency's reply to a delivery brings is in `Taken.said`, with its fields.

    Why: an agency that decides at once says so once.

    Mend: make facts with `delivery.says(word, fields)`.
    """
    async with stand.bench() as bench:
        saying = bench.saying()
        bench.rig.say_inline(saying)
        outcome = await bench.deliver_one()
        expect(isinstance(outcome, Taken), f"the delivery came to {outcome!r}")
        said = list(outcome.said) if isinstance(outcome, Taken) else []
        expect(len(said) == 1, f"one decision became {len(said)} facts")
        right(said[0], saying, bench.rig.agency)


@rule(
    "hears-messages", "bronze", needs=hears,
    needs_text="Answers come by callback or by polling (files are polled).",
)  # fmt: skip
async def hears_messages(stand: Stand) -> None:
    """A message of the agency becomes its fact.

    A good message of the agency's own accord gives one `Said` with one fact: the right word, dossier, agency, fields.

    Why: the journal keeps what is said here for good.

    Mend: make facts with `say(word, number=…, agency=context.agency, …)`; leave `message_id` out where the protocol
    does not tell it.
    """
    async with stand.bench() as bench:
        await bench.deliver_one()
        saying = bench.saying()
        one_fact(await bench.hear(saying), saying, bench.rig.agency)


@rule(
    "tells-messages-apart", "silver", needs=hears,
    needs_text="Answers come by callback or by polling.",
)  # fmt: skip
async def tells_messages_apart(stand: Stand) -> None:
    """The same message has the same id, another has another.

    A message that comes twice gives the same `Said.id` and the same facts; two messages, read in the wrong order,
    give two ids. (Where messages are polled, one that was confirmed need not be given again at all.)

    Why: agencies' systems repeat themselves, and networks reorder. The host knows a repeat by `Said.id` alone.

    Mend: `Said.id` is the agency's own id of its message. Never make one from the time or from a counter of yours.
    """
    async with stand.bench() as bench:
        await bench.deliver_one()
        await bench.deliver_one(bench.delivery(2))
        early, late = bench.saying(1), bench.saying(2)
        second = one_fact(await bench.hear(late), late, bench.rig.agency)
        await _take(bench, [second])
        first = one_fact(await bench.hear(early), early, bench.rig.agency)
        await _take(bench, [first])
        expect(first.id != second.id, "two messages have one id")
        heard = await bench.hear(early)
        if heard or "callback" in bench.adapter.capabilities.answers:
            again = one_fact(heard, early, bench.rig.agency)
            expect(again == first, "the same message, come again, is not the same")


async def _take(bench: Bench, said: list[Said]) -> None:
    """As the host does when it has taken what was polled."""
    if "callback" not in bench.adapter.capabilities.answers:
        await bench.bounded(bench.adapter.confirm([Judged(said=each, verdict="taken") for each in said]))


@rule(
    "answers-the-agency", "silver", needs=called,
    needs_text="Answers come by callback.",
)  # fmt: skip
async def answers_the_agency(stand: Stand) -> None:
    """The agency learns what became of its message.

    `acknowledge` gives one reply for a message that was taken, another for one about a dossier that the agency does
    not have, and for a repeat a reply of the same success as the first time.

    Why: an agency that is not told repeats itself for ever, or believes that a lost message counts.

    Mend: tell kept messages (`Judged.kept`) from the others in the protocol's own words.
    """
    async with stand.bench() as bench:
        await bench.deliver_one()
        inbound = await bench.inbound(bench.saying())
        said = await bench.read(inbound)
        replies = {
            verdict: await bench.bounded(
                bench.adapter.acknowledge(
                    inbound, [Judged.model_validate({"said": each, "verdict": verdict}) for each in said]
                )
            )
            for verdict in ("taken", "repeated", "early", "unknown", "refused")
        }
        taken, repeated = replies["taken"], replies["repeated"]
        expect(200 <= taken.status < 300, f"a message that was taken is answered {taken.status}")  # noqa: PLR2004
        expect(200 <= repeated.status < 300, f"a repeat is answered {repeated.status}")  # noqa: PLR2004
        for verdict in ("unknown", "refused"):
            other = replies[verdict]
            expect(
                (other.status, other.body) != (taken.status, taken.body),
                f"a message that is {verdict} gets the same answer as one that was taken",
            )


@rule(
    "fetches-until-confirmed", "silver", needs=polls,
    needs_text="Answers come by polling.",
)  # fmt: skip
async def fetches_until_confirmed(stand: Stand) -> None:
    """What is fetched comes again until it is confirmed.

    What `poll` gave, it gives again after a restart as long as `confirm` was not called with it as kept; afterwards
    no more.

    Why: between fetching and journaling the window may crash; what the agency has handed over must not be lost then.

    Mend: acknowledge, delete or move in `confirm`, never in `poll`.
    """
    async with stand.bench() as bench:
        await bench.deliver_one()
        saying = bench.saying()
        first = one_fact(await bench.hear(saying), saying, bench.rig.agency)
    async with stand.bench() as bench:  # a restart
        again = one_fact(await bench.bounded(bench.adapter.poll()), saying, bench.rig.agency)
        expect(again == first, "after a restart the same message is not the same")
        await bench.bounded(bench.adapter.confirm([Judged(said=again, verdict="taken")]))
        left = await bench.bounded(bench.adapter.poll())
        expect(not left, "what was confirmed is fetched again")


@rule("says-every-word", "platinum")
async def says_every_word(stand: Stand) -> None:
    """Every word of the agency becomes its fact.

    All that this agency's system can say (the rig's `words`) is said, one after the other, with fields; each becomes
    the fact of that word with those fields.

    Why: results, fees and refusals are what businesses wait for.

    Mend: the report names the word and the field. A word your protocol does not have does not belong in the rig's
    `words`.
    """
    async with stand.bench() as bench:
        ways = bench.adapter.capabilities.answers
        for which, word in enumerate(bench.rig.words, start=1):
            saying = bench.saying(which, word, fields=dict(SAMPLES[word]))
            if ways == {"inline"}:
                bench.rig.say_inline(saying)
                outcome = await bench.deliver_one(bench.delivery(which))
                said = list(outcome.said) if isinstance(outcome, Taken) else []
                expect(len(said) == 1, f"{word} became {len(said)} facts")
                right(said[0], saying, bench.rig.agency)
                continue
            await bench.deliver_one(bench.delivery(which))
            heard = one_fact(await bench.hear(saying), saying, bench.rig.agency)
            await _take(bench, [heard])
