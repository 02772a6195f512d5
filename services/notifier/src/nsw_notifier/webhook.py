"""Webhooks as Standard Webhooks has them: `webhook-id`, `webhook-timestamp`, `webhook-signature` over id, time, body.

A single webhook's id is the event's id. A batch's id is made from all of its events' ids, and every event inside
carries its own id, by which the receiver drops repeats.
"""

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from nsw_contracts.envelope import fact_id
from pydantic import BaseModel, ConfigDict

BATCH_TYPE: Final = "vn.nsw.dossier.batch.v1"
CHALLENGE_TYPE: Final = "vn.nsw.subscription.challenge.v1"
TEST_TYPE: Final = "vn.nsw.subscription.test.v1"


class EventReference(BaseModel):
    """What the notifier needs to know of an event it sent: read back from the body of the intent."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    class Data(BaseModel):
        """The dossier's number, declarant and revision."""

        number: str
        declarant: str
        revision: int

    id: str
    data: Data


def event_json(event_id: str, event_type: str, at: datetime, data: bytes) -> bytes:
    """One event as a business gets it; `data` is the fact as it was journaled."""
    return b'{"id":"%s","type":"%s","timestamp":"%s","data":%s}' % (
        event_id.encode(), event_type.encode(), at.isoformat().encode(), data,
    )  # fmt: skip


def control_json(kind: str, at: datetime, data: Mapping[str, str]) -> bytes:
    """A message about a subscription itself: a challenge, a test."""
    return json.dumps({"type": kind, "timestamp": at.isoformat(), "data": data}).encode()


def batch_json(events: Sequence[bytes], at: datetime) -> bytes:
    """Many events in one body."""
    return b'{"type":"%s","timestamp":"%s","data":{"events":[%s]}}' % (
        BATCH_TYPE.encode(), at.isoformat().encode(), b",".join(events),
    )  # fmt: skip


def batch_id(events: Sequence[str]) -> str:
    """The id of a batch of these events: the same ones sent again have the same id, and no others have it."""
    return fact_id("/".join(events), BATCH_TYPE)


def events_of(body: bytes) -> list[bytes]:
    """The events in the body of a delivery, as it is kept: one a line."""
    return body.split(b"\n")


def sign(secrets: Sequence[str], webhook_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers, signed with each `whsec_` secret (HMAC-SHA256, version v1)."""
    timestamp = str(int(at.timestamp()))
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    signatures = []
    for secret in secrets:
        digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, sha256)
        signatures.append("v1," + base64.b64encode(digest).decode())
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }
