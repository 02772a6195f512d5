"""CloudEvents 1.0 in Kafka's binary mode: the headers of every message, and nothing but headers.

Two headers are ours: `nsw_position`, the message's place in its journal stream, by which a reader knows repeats and
gaps; and the W3C `traceparent`. The value is the JSON of one fact; the key is what it is about: the dossier number,
or the party of a registration.
"""

from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Final

POSITION: Final = "nsw_position"
TRACEPARENT: Final = "traceparent"
ID: Final = "ce_id"
SOURCE: Final = "ce_source"
TYPE: Final = "ce_type"
SUBJECT: Final = "ce_subject"
TIME: Final = "ce_time"
DATASCHEMA: Final = "ce_dataschema"
SPECVERSION: Final = "ce_specversion"
CONTENT_TYPE: Final = "content-type"

Headers = list[tuple[str, bytes]]


def fact_id(cause: str, fact_type: str, which: str = "") -> str:
    """A fact's id as a function of its cause: stated again after a loss, the same fact has the same id.

    `cause` is the id of the fact it follows from, or what came from outside; `which` tells apart several facts of one
    type from one cause. 32 hexadecimal digits, readable as a UUID.
    """
    return blake2b(f"{cause}\x1f{fact_type}\x1f{which}".encode(), digest_size=16).hexdigest()


def dataschema(fact_type: str) -> str:
    """The name of the JSON Schema that a fact type's value satisfies (`contracts/schemas/<type>.json`)."""
    return f"urn:nsw:schema:{fact_type}"


@lru_cache(maxsize=256)
def _of_type(fact_type: str, writer: str) -> tuple[tuple[str, bytes], ...]:
    """The headers that all of a writer's facts of one type share."""
    return (
        (SPECVERSION, b"1.0"),
        (SOURCE, f"/nsw/{writer}".encode()),
        (TYPE, fact_type.encode()),
        (DATASCHEMA, dataschema(fact_type).encode()),
        (CONTENT_TYPE, b"application/json"),
    )


@lru_cache(maxsize=256)  # the facts of one transaction share their time
def _time(at: datetime) -> bytes:
    return at.isoformat().encode()


def headers(
    *,
    fact_type: str,
    fact: str,
    writer: str,
    key: str,
    position: int,
    recorded_at: datetime,
    traceparent: str | None,
) -> Headers:
    """The headers of one message, in a fixed order."""
    head = [
        (POSITION, b"%d" % position),
        (ID, fact.encode()),
        (SUBJECT, key.encode()),
        (TIME, _time(recorded_at)),
        *_of_type(fact_type, writer),
    ]
    if traceparent is not None:
        head.append((TRACEPARENT, traceparent.encode()))
    return head
