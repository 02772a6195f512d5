"""A submission: the content written once, its digest over those bytes, and never more than Kafka carries."""

import json
from hashlib import sha256

import pytest
from nsw_benchmarks.profile import Profile
from nsw_contracts.content import content_of, with_content
from nsw_contracts.events import DossierContent, Submitted
from nsw_intake.door import CONTENT_BYTES, submission
from nsw_intake.handlers import StatusHandler
from nsw_runtime.handling import Event, Quarantine
from nsw_runtime.kafka import MAX_MESSAGE_BYTES
from nsw_runtime.problems import Problem

BODY = json.loads(next(iter(Profile(1, 20).dossiers(1))).body)


def dossier(**form: object) -> DossierContent:
    return DossierContent.model_validate(BODY | {"form": form})


def test_the_digest_is_over_the_bytes_that_travel_on() -> None:
    content = dossier(a="đ", b=[1, None, {"c": 1.5}])
    made = submission(content, "key", None)
    assert (made.procedure, made.declarant) == (content.procedure, content.declarant.tax_code)
    assert made.content_sha256 == sha256(made.content).hexdigest()
    head = b'{"number":"260000000017","submitted_at":"2026-03-02T09:00:00Z","idempotency_key":",\\"content\\":",'
    head += b'"content_sha256":"' + b"0" * 64 + b'"}'
    fact = with_content(head, made.content)
    assert Submitted.model_validate_json(fact).content == content
    assert content_of(fact) == made.content


def test_written_anew_a_dossier_may_be_too_large_for_kafka() -> None:
    """`1e15` is four bytes on the way in and eighteen on the way on."""
    submission(dossier(a="x" * (CONTENT_BYTES // 2)), "key", None)
    for form in ({"a": "x" * CONTENT_BYTES}, {"a": [1e15] * (CONTENT_BYTES // 15)}):
        with pytest.raises(Problem) as raised:
            submission(dossier(**form), "key", None)
        assert raised.value.status == 413
    assert CONTENT_BYTES * 2 <= MAX_MESSAGE_BYTES


def test_intake_hears_statuses_and_nothing_else() -> None:
    made = submission(dossier(), "key", None)
    fact = Submitted(
        number="260000000017", submitted_at="2026-03-02T09:00:00Z", content_sha256=made.content_sha256,
        idempotency_key="key", content=dossier(),
    )  # fmt: skip
    event = Event("nsw.status.v1", 0, 1, "vn.nsw.dossier.submitted.v1", "1", None, fact, b"")
    assert isinstance(StatusHandler().handle(event, None), Quarantine)
