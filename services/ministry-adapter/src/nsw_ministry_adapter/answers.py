"""What an agency's answer to one delivery says, as facts. Pure.

An answer is `{"message_id", "received_at", "decisions": [...]}`: the technical receipt, and whatever the agency has
decided already, in order. A decision is the agency's fact without what the delivery knows of it; its `kind` is the
fact's short name. An answer that cannot be read is not believed in part.
"""

import re
from typing import Any, Final

from nsw_contracts.envelope import fact_id
from nsw_contracts.events import AGENCY_FACTS, DELIVERED, AgencyFact, Delivered, Moment, says
from nsw_contracts.topics import AGENCY_RESULTS
from nsw_runtime.intents import Pending
from nsw_runtime.journal import Entry, entry
from pydantic import BaseModel, ConfigDict, Field

DECISIONS: Final = 10  # of one answer

_PACK_VERSION: Final = re.compile(rb'"pack_version":"([^"]{0,20})"')
_KINDS: Final = {says(kind): (kind, model) for kind, model in AGENCY_FACTS.items() if kind != DELIVERED}


class Answer(BaseModel):
    """An agency's answer to one delivery."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    message_id: str
    received_at: Moment
    decisions: tuple[dict[str, Any], ...] = Field(default=(), max_length=DECISIONS)


class Answers(BaseModel):
    """An agency's answers to one batch, one for each delivery. Each is read by itself: a wrong one spoils no other."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    answers: tuple[dict[str, Any], ...]


class NoSuchDecision(ValueError):
    """A decision whose `kind` no agency can say."""


def facts(agency: str, pending: Pending, answer: Answer) -> list[Entry]:
    """The facts an answer states. Their ids follow from the delivery, so a repeated answer states the same facts.

    Raises:
        NoSuchDecision: a decision is of no known kind.
        ValidationError: a decision lacks something, or something in it is wrong.
    """
    found = _PACK_VERSION.search(pending.body)  # of the work; it stands before the content, whatever that holds
    known = {
        "number": pending.dossier,
        "agency": agency,
        "message_id": pending.id,
        "pack_version": found[1].decode() if found else "",
    }
    said: list[tuple[str, AgencyFact]] = [
        (DELIVERED, Delivered.model_validate(known | {"delivered_at": answer.received_at}))
    ]
    for index, decision in enumerate(answer.decisions):
        kind = _KINDS.get(str(decision.get("kind")))
        if kind is None:
            raise NoSuchDecision(f"/decisions/{index}/kind: none of {', '.join(_KINDS)}")
        said.append((kind[0], kind[1].model_validate(decision | known)))
    return [
        entry(
            AGENCY_RESULTS,
            kind,
            fact,
            fact_id=fact_id(pending.id, kind, str(index)),
            traceparent=pending.traceparent,
        )
        for index, (kind, fact) in enumerate(said)
    ]
