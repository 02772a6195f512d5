"""What passes between host and adapter: deliveries out, what agencies say in.

The facts are the window's own (`nsw_contracts.events`): an adapter translates between them and the agency's protocol,
and decides nothing.
"""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, StringConstraints, TypeAdapter

from nsw_contracts.adapter.errors import NoSuchWord
from nsw_contracts.events import AGENCY_FACTS, DELIVERED, AgencyFact, Forwarded, Routed, says

FACTS_A_MESSAGE: Final = 10
"""The most facts of one message of an agency."""

MessageId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]
"""An agency's own id of one of its messages: printable ASCII without blanks."""

_PACK_VERSION: Final = re.compile(rb'"pack_version":"([^"]{0,20})"')
_WORK: Final[TypeAdapter[Routed | Forwarded]] = TypeAdapter(
    Annotated[Routed | Forwarded, Field(union_mode="left_to_right")]
)
_MODELS: Final = {says(kind): model for kind, model in AGENCY_FACTS.items() if kind != DELIVERED}

WORDS: Final = tuple(_MODELS)
"""What an agency can say, as `Delivery.says` and `say` take it; `delivered` is the host's own word."""


def say(kind: str, *, number: str, agency: str, message_id: str = "", **fields: Any) -> AgencyFact:
    """What an agency says, as a fact: `say("accepted", number=…, agency=…, decided_at=…, reference="TN-1")`.

    `message_id` is the delivery it answers; leave it out where the agency's protocol does not tell, and the host fills
    in the last one of the dossier. `fields` are those of the fact's model.

    Raises:
        NoSuchWord: no agency can say `kind`.
        ValidationError: a field lacks or is wrong.
    """
    return _model(kind).model_validate(fields | {"number": number, "agency": agency, "message_id": message_id})


def _model(kind: str) -> type[AgencyFact]:
    found = _MODELS.get(kind)
    if found is None:
        raise NoSuchWord(f"no agency says {kind[:40]!r}; they say {', '.join(WORDS)}")
    return found


def pack_version_of(raw: bytes) -> str:
    """The pack's version in the JSON of work for an agency; it stands before the content, whatever that holds."""
    found = _PACK_VERSION.search(raw)
    return found[1].decode() if found else ""


class Message(BaseModel):
    """Base of what passes between host and adapter."""

    model_config = ConfigDict(frozen=True)


class Delivery(Message):
    """One message for the agency.

    `message_id` (32 hexadecimal digits, readable as a UUID) stays the same however often the message is tried: send it
    along, so that the agency can drop repeats. `number` is the dossier's. `raw` is the JSON of the fact, as it was
    journaled: a protocol that carries JSON may send it on unread. `tries` counts earlier tries that are over.
    `traceparent` (W3C) goes along where the protocol has room for it.
    """

    message_id: str
    agency: str
    number: str
    raw: bytes
    tries: int = 0
    traceparent: str | None = None

    @cached_property
    def work(self) -> Routed | Forwarded:
        """The message, read: a dossier to decide (`what == "submitted"`), or what happened to one since."""
        return _WORK.validate_json(self.raw)

    @cached_property
    def pack_version(self) -> str:
        """The version of the procedure pack that the dossier is judged by; empty in work of an old release."""
        return pack_version_of(self.raw)

    def says(self, kind: str, fields: Mapping[str, Any]) -> AgencyFact:
        """What the agency says in answer to this delivery; whatever `fields` claim, about this dossier and no other.

        Raises:
            NoSuchWord: no agency can say `kind`.
            ValidationError: a field lacks or is wrong.
        """
        known = {
            "number": self.number,
            "agency": self.agency,
            "message_id": self.message_id,
            "pack_version": self.pack_version,
        }
        return _model(kind).model_validate({**fields, **known})


class Said(Message):
    """One message of the agency, come by callback, polling or file.

    `id` is the agency's own id of the message: the same id again is the same message, and takes effect once. `facts`
    are made by `say`, in order; they are about one dossier.
    """

    id: MessageId
    facts: Annotated[tuple[SerializeAsAny[AgencyFact], ...], Field(min_length=1, max_length=FACTS_A_MESSAGE)]


Verdict = Literal["taken", "repeated", "early", "unknown", "refused"]
"""What the host made of a message.

- `taken`: its facts are journaled.
- `repeated`: this id has been taken before, with the same content; nothing happened now. Answer as you did then.
- `early`: the delivery it answers is not settled yet; it is kept, and takes effect when that is.
- `unknown`: the agency has no such dossier (it may be another agency's: an agency is not told).
- `refused`: the message contradicts an earlier one of the same id, or itself.
"""


class Judged(Message):
    """The host's verdict on one message; `reason` may be shown to the agency."""

    said: Said
    verdict: Verdict
    reason: str = ""

    @property
    def kept(self) -> bool:
        """Whether the agency may forget the message: its effect is, or was, or will be there."""
        return self.verdict in ("taken", "repeated", "early")


class Inbound(Message):
    """One HTTP request of the agency's system to the window.

    Header names are in lower case. The host has authenticated the caller as this agency where the deployment does that
    in the transport; what the protocol signs, the adapter verifies. `body` is at most `HttpSettings.largest_answer`.
    """

    headers: Mapping[str, str]
    body: bytes


class Reply(Message):
    """The HTTP answer to an inbound request."""

    status: Annotated[int, Field(ge=200, le=599)] = 200
    media_type: str = "application/json"
    body: bytes = b""
    headers: Mapping[str, str] = Field(default_factory=dict)
