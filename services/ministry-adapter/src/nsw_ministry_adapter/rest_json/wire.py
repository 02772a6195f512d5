"""The JSON of *rest-json*, both ways. An answer that cannot be read is not believed in part."""

from collections.abc import Sequence
from typing import Annotated, Any

from nsw_contracts.adapter import Delivery, Said, Taken
from nsw_contracts.adapter.messages import FACTS_A_MESSAGE, MessageId
from nsw_contracts.parts import Moment, Number
from pydantic import BaseModel, ConfigDict, Field

from nsw_ministry_adapter.decision import decided

Decisions = Annotated[tuple[dict[str, Any], ...], Field(max_length=FACTS_A_MESSAGE)]
MESSAGES_A_REQUEST = 500


class Wire(BaseModel):
    """Base of what agencies send; what they add is not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Answer(Wire):
    """An agency's answer to one delivery: the technical receipt, and what it has decided already, in order.

    A decision is the agency's fact without what the delivery knows of it; its `kind` is the fact's short name.
    """

    message_id: str
    received_at: Moment
    decisions: Decisions = ()

    def taken(self, delivery: Delivery) -> Taken:
        """The outcome it means.

        Raises:
            NoSuchWord: a decision is of no known kind.
            ValidationError: a decision lacks something, or something in it is wrong.
        """
        said = [delivery.says(str(one.get("kind")), one) for one in self.decisions]
        return Taken(self.received_at, said)


class Answers(Wire):
    """An agency's answers to one batch, one for each delivery. Each is read by itself: a wrong one spoils no other."""

    answers: tuple[dict[str, Any], ...]


class CallbackMessage(Wire):
    """One message of the agency's own accord, about a dossier it has; `message_id` is the delivery it answers."""

    id: MessageId
    number: Number
    message_id: Annotated[str, Field(max_length=36)] = ""
    decisions: Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=FACTS_A_MESSAGE)]

    def said(self, agency: str) -> Said:
        """The message in the window's words.

        Raises:
            NoSuchWord: a decision is of no known kind.
            ValidationError: a decision lacks something, or something in it is wrong.
        """
        facts = tuple(
            decided(one, number=self.number, agency=agency, message_id=self.message_id) for one in self.decisions
        )
        return Said(id=self.id, facts=facts)


class CallbackMessages(Wire):
    """Several of them in one request."""

    messages: Annotated[tuple[CallbackMessage, ...], Field(min_length=1, max_length=MESSAGES_A_REQUEST)]


def delivery_json(delivery: Delivery) -> bytes:
    """One delivery as JSON; the dossier goes as it was journaled, without being read again."""
    trace = f'"{delivery.traceparent}"' if delivery.traceparent else "null"
    return b'{"message_id":"%s","traceparent":%s,"dossier":%s}' % (
        delivery.message_id.encode(), trace.encode(), delivery.raw,
    )  # fmt: skip


def deliveries_json(deliveries: Sequence[Delivery]) -> bytes:
    """A batch of them."""
    return b'{"deliveries":[' + b",".join(map(delivery_json, deliveries)) + b"]}"
