"""A rehearsal: a pack's examples, lived at one agency through its adapter and a test agency, and compared.

What is compared: that each message was taken and reached the agency under its id, about its dossier, telling what it
should; and that everything the agency said, in the story's order, came back as just that.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

from nsw_contracts.adapter import Delivery, Judged, Said, Taken
from nsw_contracts.adapter.conformance import Rig
from nsw_contracts.adapter.conformance.bench import Bench, Broken, Stand, expect
from nsw_contracts.adapter.conformance.check import standing
from nsw_contracts.adapter.conformance.orders import SAMPLES, Saying
from nsw_contracts.content import with_content
from nsw_contracts.events import AGENCY_FACTS, AgencyFact, ForwardedHead, RoutedHead, says
from nsw_contracts.number import dossier_number
from nsw_procedures.example import example_content
from nsw_procedures.pack import Example, Pack
from nsw_procedures.story import FINAL, Parts, steps

PAID: Final = {"amount": "300000", "currency": "VND", "reference": "GNT-1"}
_WITH_CONTENT: Final = frozenset({"submitted", "edited", "supplemented", "amendment-requested"})
_WORD_OF: Final = {model: says(kind) for kind, model in AGENCY_FACTS.items()}


class Lived(NamedTuple):
    """One example. `says`: where it went another way than its story; empty: it did not."""

    example: str
    messages: int
    words: int
    says: str


class Rehearsal(NamedTuple):
    """All examples of one procedure, at one agency."""

    procedure: str
    pack_version: str
    pack: str
    agency: str
    adapter: str
    adapter_version: str
    at: datetime
    lived: Sequence[Lived]

    @property
    def green(self) -> bool:
        """Whether there were examples and all went as told."""
        return bool(self.lived) and not any(one.says for one in self.lived)

    def as_json(self) -> dict[str, Any]:
        """The record of it."""
        return {
            **self._asdict(),
            "at": self.at.isoformat(timespec="seconds"),
            "green": self.green,
            "lived": [one._asdict() for one in self.lived],
        }


def digest(pack: Pack) -> str:
    """What of a pack a rehearsal is about: everything but its life."""
    return sha256(pack.model_dump_json(exclude={"life"}).encode()).hexdigest()


@dataclass
class _Turn:
    """One message to the agency, and what it says until the next one."""

    what: str
    words: list[tuple[str, str]] = field(default_factory=list)


def turns(pack: Pack, example: Example, agency: str) -> list[_Turn]:
    """The example's story as this agency lives it."""
    parts, found = Parts(pack), [_Turn("submitted")]
    lead = pack.lead_agency
    for who, word, outcome in steps(example):
        if who == "declarant":
            _, told = parts.ask(word)
            if agency in told:
                found.append(_Turn(told[agency]))
            continue
        parts.say(who, word)
        if who == agency:
            found[-1].words.append((word, outcome))
        elif word in FINAL and agency == lead and agency not in parts.final:
            found.append(_Turn("coordinating-decided"))
        elif word in FINAL and who == lead and agency not in parts.final:
            found.append(_Turn("closed"))
    return found


def rehearse(rig: Rig, packs: Sequence[Pack]) -> Iterator[Rehearsal]:
    """Rehearse procedures with the agency that the rig plays."""
    manifest = rig.adapter.manifest
    with standing(rig) as stand:
        for pack in packs:
            lived = [
                _live(stand, pack, example, 100 * which + 1) for which, example in enumerate(pack.examples, start=1)
            ]
            yield Rehearsal(
                pack.code,
                pack.version,
                digest(pack),
                rig.agency,
                manifest.name,
                manifest.version,
                datetime.now(UTC),
                lived,
            )


def _live(stand: Stand, pack: Pack, example: Example, serial: int) -> Lived:
    stand.rig.reset()
    story = turns(pack, example, stand.rig.agency)
    words = sum(len(turn.words) for turn in story)
    try:
        asyncio.run(_Living(stand, pack, example, dossier_number(2026, serial)).live(story))
        trouble = ""
    except Broken as error:
        trouble = str(error)
    except Exception as error:  # noqa: BLE001  # whatever an adapter raises is its rehearsal's trouble
        trouble = f"{type(error).__name__}: {error}"
    return Lived(example.name.en, len(story), words, trouble)


class _Living:
    """One example at one agency."""

    def __init__(self, stand: Stand, pack: Pack, example: Example, number: str) -> None:
        self._stand = stand
        self._pack = pack
        self._agency = stand.rig.agency
        self._number = number
        self._content = example_content(pack, example).model_dump_json(exclude_defaults=True).encode()
        self._said = 0

    async def live(self, story: Sequence[_Turn]) -> None:
        """Go through it.

        Raises:
            Broken: something is not as the story tells.
        """
        async with self._stand.bench() as bench:
            for place, turn in enumerate(story):
                delivery = self._delivery(turn.what, place)
                sayings = [self._saying(word, outcome, delivery) for word, outcome in turn.words]
                inline = bench.adapter.capabilities.answers == {"inline"}
                for saying in sayings if inline else ():
                    await asyncio.to_thread(bench.rig.say_inline, saying)
                (outcome,) = await bench.deliver(delivery)
                expect(isinstance(outcome, Taken), f"{turn.what}: came to {outcome!r}")
                effect = await bench.one_effect(delivery)
                expect(effect.what in ("", turn.what), f"{turn.what}: the agency was told {effect.what!r}")
                heard = list(outcome.said) if inline and isinstance(outcome, Taken) else []
                for saying in () if inline else sayings:
                    heard += await self._hear(bench, saying)
                self._compare(turn, sayings, heard)

    async def _hear(self, bench: Bench, saying: Saying) -> list[AgencyFact]:
        messages: Sequence[Said] = await bench.hear(saying)
        if "callback" not in bench.adapter.capabilities.answers:
            await bench.bounded(bench.adapter.confirm([Judged(said=one, verdict="taken") for one in messages]))
        return [fact for one in messages for fact in one.facts]

    def _compare(self, turn: _Turn, sayings: Sequence[Saying], heard: Sequence[AgencyFact]) -> None:
        told = [_WORD_OF[type(fact)] for fact in heard]
        wanted = [saying.kind for saying in sayings]
        expect(told == wanted, f"after {turn.what} the agency said {wanted}, and {told} was heard")
        for saying, fact in zip(sayings, heard, strict=True):
            outcome = getattr(fact, "outcome", None)
            expect(fact.number == self._number, f"{saying.kind} is about another dossier")
            expect(
                outcome is None or outcome == saying.fields["outcome"],
                f"{saying.kind}: the agency said {saying.fields.get('outcome')}, and {outcome} was heard",
            )

    def _delivery(self, what: str, place: int) -> Delivery:
        known = {
            "number": self._number, "agency": self._agency, "pack_version": self._pack.version,
            "role": "lead" if self._agency == self._pack.lead_agency else "coordinating",
            "routed_at": datetime.now(UTC),
        }  # fmt: skip
        head: RoutedHead | ForwardedHead
        if what == "submitted":
            head = RoutedHead.model_validate(known)
        else:
            head = ForwardedHead.model_validate(known | {"what": what} | (PAID if what == "fee-paid" else {}))
        raw = head.model_dump_json(exclude_defaults=True).encode()
        return Delivery(
            message_id=sha256(f"rehearsal {self._number} {place}".encode()).hexdigest()[:32],
            agency=self._agency,
            number=self._number,
            raw=with_content(raw, self._content) if what in _WITH_CONTENT else raw,
        )

    def _saying(self, word: str, outcome: str, delivery: Delivery) -> Saying:
        self._said += 1
        fields = dict(SAMPLES[word]) | ({"outcome": outcome} if outcome else {})
        return Saying(
            id=f"rehearsal-{self._number}-{self._said}",
            number=self._number,
            kind=word,
            message_id=delivery.message_id,
            fields=fields,
        )
