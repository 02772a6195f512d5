"""A submission: the content written once, its digest over those bytes, and never more than Kafka carries."""

import json
from hashlib import sha256

import pytest
from nsw_benchmarks.profile import Profile
from nsw_contracts.content import content_of, with_content
from nsw_contracts.events import (
    OVERDUE,
    STATUS_CHANGED,
    SUBMITTED,
    DossierContent,
    Overdue,
    StatusChanged,
    Submitted,
)
from nsw_contracts.topics import STATUS
from nsw_intake.door import CONTENT_BYTES, submission
from nsw_intake.handlers import Heard, StatusHandler
from nsw_runtime.handling import Applied, Event, Quarantine
from nsw_runtime.kafka import MAX_MESSAGE_BYTES
from nsw_runtime.problems import Problem

BODY = json.loads(next(iter(Profile(1, 20).dossiers(1))).body)


def dossier(**form: object) -> DossierContent:
    return DossierContent.model_validate(BODY | {"form": form})


def test_the_digest_is_over_the_bytes_that_travel_on() -> None:
    content = dossier(a="đ", b=[1, None, {"c": 1.5}])
    made = submission(content, "2026.1", "key", None)
    assert (made.procedure, made.pack_version, made.declarant) == (
        content.procedure, "2026.1", content.declarant.tax_code,
    )  # fmt: skip
    assert made.content_sha256 == sha256(made.content).hexdigest()
    head = b'{"number":"260000000017","submitted_at":"2026-03-02T09:00:00Z","idempotency_key":",\\"content\\":",'
    head += b'"content_sha256":"' + b"0" * 64 + b'"}'
    fact = with_content(head, made.content)
    assert Submitted.model_validate_json(fact).content == content
    assert content_of(fact) == made.content


def test_written_anew_a_dossier_may_be_too_large_for_kafka() -> None:
    """`1e15` is four bytes on the way in and eighteen on the way on."""
    submission(dossier(a="x" * (CONTENT_BYTES // 2)), "2026.1", "key", None)
    for form in ({"a": "x" * CONTENT_BYTES}, {"a": [1e15] * (CONTENT_BYTES // 15)}):
        with pytest.raises(Problem) as raised:
            submission(dossier(**form), "2026.1", "key", None)
        assert raised.value.status == 413
    assert CONTENT_BYTES * 2 <= MAX_MESSAGE_BYTES


def test_intake_hears_every_public_fact_in_order_and_nothing_else() -> None:
    known = {
        "number": "260000000017", "procedure": "BYTE0500009", "pack_version": "2026.1", "declarant": "0100109106",
        "agency": "BYTE", "changed_at": "2026-03-02T09:00:00Z", "status": "accepted",
    }  # fmt: skip
    one = StatusChanged.model_validate(known | {"revision": 1, "what": "accepted"})
    two = Overdue.model_validate(known | {"revision": 2, "due_at": "2026-03-02T09:00:00Z"})
    events = [
        Event(STATUS.name, 0, position, kind, str(position), None, fact, b"")
        for position, (kind, fact) in enumerate([(STATUS_CHANGED, one), (OVERDUE, two)], 1)
    ]
    state: Heard | None = None
    for event in events:
        outcome = StatusHandler().handle(event, state)
        assert isinstance(outcome, Applied)
        assert not outcome.facts
        state = outcome.state
    assert state == tuple(events)
    own = Submitted(
        number="260000000017", submitted_at="2026-03-02T09:00:00Z", content_sha256="0" * 64, idempotency_key="key",
        content=dossier(),
    )  # fmt: skip
    event = Event(STATUS.name, 0, 1, SUBMITTED, "1", None, own, b"")
    assert isinstance(StatusHandler().handle(event, state), Quarantine)
