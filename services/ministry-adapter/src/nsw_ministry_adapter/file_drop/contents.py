"""What stands in the files, both ways. A file that cannot be read is not believed in part."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Final

from nsw_contracts.adapter import Delivery, Said, say
from pydantic import BaseModel, ConfigDict, Field

from nsw_ministry_adapter.decision import decided

DELIVERIES_A_FILE: Final = 200
MESSAGES_A_FILE: Final = 500


class Part(BaseModel):
    """Base of what agencies write; what they add is not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Message(Part):
    """One message of the agency; `answers` is the delivery it is about."""

    id: str
    number: str
    answers: str = ""
    says: Annotated[tuple[dict[str, Any], ...], Field(min_length=1)]


class Messages(Part):
    """A file of the agency."""

    messages: Annotated[tuple[Message, ...], Field(max_length=MESSAGES_A_FILE)]

    def said(self, agency: str) -> list[Said]:
        """Its messages in the window's words.

        Raises:
            NoSuchWord: a decision is of no known kind.
            ValidationError: a decision lacks something, or something in it is wrong.
        """
        return [
            Said(
                id=one.id,
                facts=tuple(
                    decided(each, number=one.number, agency=agency, message_id=one.answers) for each in one.says
                ),
            )
            for one in self.messages
        ]


class Received(Part):
    """What became of one delivery in the agency's batch system."""

    message_id: str
    number: str
    taken: bool
    code: str = "ERR02"
    reason: str = ""


class Acknowledgement(Part):
    """The agency's acknowledgement of one of our files."""

    received_at: str
    messages: Annotated[tuple[Received, ...], Field(max_length=DELIVERIES_A_FILE)]

    def refusals(self, file: str, agency: str) -> list[Said]:
        """The deliveries it does not take, as technical errors; `file`: what it acknowledges, without its ending.

        Raises:
            ValidationError: something in it is wrong.
        """
        return [
            Said(
                id=f"{file}/{one.message_id}",
                facts=(
                    say(
                        "technical-error",
                        number=one.number,
                        agency=agency,
                        message_id=one.message_id,
                        decided_at=self.received_at,
                        code=one.code,
                        reason=one.reason,
                    ),
                ),
            )
            for one in self.messages
            if not one.taken
        ]


def deliveries(these: Sequence[Delivery]) -> dict[str, Any]:
    """The payload of a file for the agency."""
    return {
        "messages": [
            {
                "message_id": one.message_id,
                "number": one.number,
                "traceparent": one.traceparent,
                "work": json.loads(one.raw),
            }
            for one in these
        ]
    }
