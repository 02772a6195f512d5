"""What agencies say, as entries of the journal. Pure.

The ids of facts follow from the delivery, or from the agency's own message: said again, the same facts are stated, and
recognised.
"""

from collections.abc import Sequence
from typing import Final

from nsw_contracts.adapter import Delivery, Said, Taken
from nsw_contracts.envelope import fact_id
from nsw_contracts.events import AGENCY_FACTS, AgencyFact, Delivered
from nsw_contracts.topics import AGENCY_RESULTS
from nsw_runtime.journal import Entry, entry
from nsw_runtime.text import holds_nul

from nsw_ministry_adapter.store import Known

_TYPES: Final = {model: kind for kind, model in AGENCY_FACTS.items()}
_SAID: Final = frozenset(_TYPES) - {Delivered}


class WrongAnswer(ValueError):
    """An adapter gave facts that are not the agency's about this dossier: the text says which."""


def of_delivery(delivery: Delivery, taken: Taken, traceparent: str | None) -> list[Entry]:
    """What a delivery's reply states: that it was delivered, then what was decided already. All follow from the work.

    Raises:
        WrongAnswer: a fact is about something else.
        ValidationError: `received_at` is no moment.
    """
    receipt = Delivered.model_validate(
        {
            "number": delivery.number,
            "agency": delivery.agency,
            "message_id": delivery.message_id,
            "pack_version": delivery.pack_version,
            "delivered_at": taken.received_at,
        }
    )
    for fact in taken.said:
        _refuse_other(fact, delivery.agency, delivery.number)
        if fact.message_id != delivery.message_id:
            raise WrongAnswer("it answers another delivery")
    return _entries((receipt, *taken.said), delivery.message_id, traceparent)


def of_message(said: Said, known: Known) -> list[Entry]:
    """What an agency's own message states, about a delivery that is known."""
    about = {"message_id": known.message_id, "pack_version": known.pack_version}
    facts = [fact.model_copy(update=about) for fact in said.facts]
    return _entries(facts, f"{said.facts[0].agency}/{said.id}", known.traceparent)


def check_message(said: Said, agency: str) -> None:
    """Whether a message is one agency's about one dossier.

    Raises:
        WrongAnswer: it is not.
    """
    for fact in said.facts:
        _refuse_other(fact, agency, said.facts[0].number)
        if fact.message_id != said.facts[0].message_id:
            raise WrongAnswer("one message answers one delivery")


def digest_text(facts: Sequence[AgencyFact]) -> str:
    """What a message says, to be told from what another of the same id says."""
    return "\n".join(f"{_TYPES[type(fact)]} {fact.model_dump_json()}" for fact in facts)


def _entries(facts: Sequence[AgencyFact], cause: str, traceparent: str | None) -> list[Entry]:
    stated = [
        entry(
            AGENCY_RESULTS,
            kind := _TYPES[type(fact)],
            fact,
            fact_id=fact_id(cause, kind, str(index)),
            traceparent=traceparent,
        )
        for index, fact in enumerate(facts)
    ]
    if any(holds_nul(one.value) for one in stated):
        raise WrongAnswer("it holds NUL")
    return stated


def _refuse_other(fact: AgencyFact, agency: str, number: str) -> None:
    if type(fact) not in _SAID:
        raise WrongAnswer(f"{type(fact).__name__} is nothing that an agency says")
    if fact.agency != agency:
        raise WrongAnswer(f"it speaks for {fact.agency}")
    if fact.number != number:
        raise WrongAnswer("it is about another dossier")
