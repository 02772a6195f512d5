"""Work for an agency becomes a delivery with the work's own id; anything else on its topic is put aside."""

import pytest
from nsw_benchmarks.profile import Profile
from nsw_contracts.events import FORWARDED, ROUTED, SUBMITTED, DossierContent, Fact, Forwarded, Routed, Submitted
from nsw_contracts.topics import AGENCY_TOPICS
from nsw_ministry_adapter.handlers import WorkHandler
from nsw_runtime.handling import Applied, Event, Intent, Quarantine

CONTENT = DossierContent.model_validate_json(next(iter(Profile(1, 20).dossiers(1))).body)
AT = "2026-03-02T09:00:00Z"


def event(fact: Fact, kind: str = ROUTED, topic: str = AGENCY_TOPICS["BYTE"].name) -> Event:
    return Event(topic, 0, 1, kind, "abc", "trace", fact, fact.model_dump_json().encode())


def routed(agency: str) -> Routed:
    return Routed(
        number="260000000017", agency=agency, role="lead", pack_version="2026.1", routed_at=AT, content=CONTENT
    )


def test_work_becomes_a_delivery_as_it_was_journaled() -> None:
    work = event(routed("BYTE"))
    outcome = WorkHandler().handle(work, None)
    assert outcome == Applied(intents=[Intent("BYTE", "abc", "260000000017", work.value, "trace")])


@pytest.mark.parametrize("content", [CONTENT, None])
def test_news_of_a_dossier_becomes_a_delivery_with_and_without_the_dossier(content: DossierContent | None) -> None:
    fact = Forwarded(
        number="260000000017", agency="BYTE", role="coordinating", pack_version="2026.1", routed_at=AT,
        what="edited" if content else "closed", content=content,
    )  # fmt: skip
    work = event(fact, FORWARDED)
    outcome = WorkHandler().handle(work, None)
    assert outcome == Applied(intents=[Intent("BYTE", "abc", "260000000017", work.value, "trace")])
    assert isinstance(WorkHandler().handle(work._replace(topic=AGENCY_TOPICS["BCT"].name), None), Quarantine)


@pytest.mark.parametrize("agency", ["BCT", "XYZ"])
def test_another_agencys_work_is_put_aside(agency: str) -> None:
    assert isinstance(WorkHandler().handle(event(routed(agency)), None), Quarantine)


def test_what_is_no_work_is_put_aside() -> None:
    fact = Submitted(
        number="260000000017", submitted_at=AT, content_sha256="0" * 64, idempotency_key="k", content=CONTENT
    )
    assert isinstance(WorkHandler().handle(event(fact, SUBMITTED), None), Quarantine)


def test_work_without_a_dossier_is_put_aside() -> None:
    work = event(routed("BYTE"))
    assert isinstance(WorkHandler().handle(work._replace(value=b'{"number":"260000000017"}'), None), Quarantine)
