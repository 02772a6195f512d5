"""What agencies decide, as facts: every kind of decision, judged alone, and only what the agency may say."""

from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from agency_door import AT, RECEIVED, pending
from nsw_contracts.adapter import Delivery, NoSuchWord
from nsw_contracts.adapter.messages import FACTS_A_MESSAGE as DECISIONS
from nsw_contracts.content import with_content
from nsw_contracts.envelope import fact_id
from nsw_contracts.events import AGENCY_FACTS, DELIVERED, AgencyFact, Delivered, ForwardedHead, RoutedHead, says
from nsw_contracts.lifecycle import AgencySays
from nsw_contracts.topics import AGENCY_RESULTS
from nsw_ministry_adapter.answers import of_delivery
from nsw_ministry_adapter.rest_json.wire import Answer
from nsw_runtime.intents import Pending
from nsw_runtime.journal import Entry
from pydantic import ValidationError

DECIDED = {"decided_at": "2026-03-02T10:00:00+07:00"}
DECISIONS_SAID: dict[str, dict[str, Any]] = {
    "technical-error": {"code": "ERR02", "reason": "Sai chữ ký"},
    "accepted": {"reference": "TN-1"},
    "refused": {"reason": "Không thuộc đối tượng"},
    "supplement-requested": {"reason": "Thiếu", "items": ["invoice", "label"]},
    "withdrawal-agreed": {},
    "withdrawal-refused": {"reason": "Đã kiểm tra"},
    "amendment-agreed": {"reason": ""},
    "amendment-refused": {"reason": "Không phù hợp"},
    "inspection-started": {"place": "Cảng Cát Lái"},
    "fee-requested": {"amount": "300000", "currency": "VND"},
    "fee-confirmed": {"reference": "BL-1"},
    "result-issued": {"outcome": "passed", "certificate_number": "1", "valid_until": "2027-03-02"},
    "result-amended": {"outcome": "licensed", "reason": "Sửa tên hàng"},
    "result-revoked": {"reason": "Chứng từ giả"},
}


def work(**fields: Any) -> Pending:
    """A dossier on its way to the agency, judged by version 2026.7 of its pack."""
    given = {"number": pending(1).dossier, "agency": "BYTE", "role": "lead", "pack_version": "2026.7", "routed_at": AT}
    head = ForwardedHead(what=fields["what"], **given) if "what" in fields else RoutedHead(**given)
    content = b'{"form":{"pack_version":"1999.1"}}'
    return pending(1)._replace(body=with_content(head.model_dump_json().encode(), content), traceparent="trace")


def stated(about: Pending, *decisions: dict[str, Any]) -> list[Entry]:
    answer = {"message_id": about.id, "received_at": RECEIVED, "decisions": decisions}
    delivery = Delivery(message_id=about.id, agency="BYTE", number=about.dossier, raw=about.body)
    return of_delivery(delivery, Answer.model_validate(answer).taken(delivery), about.traceparent)


def test_every_word_of_an_agency_is_tried_here() -> None:
    assert {*DECISIONS_SAID, "delivered"} == set(get_args(AgencySays)) == {says(kind) for kind in AGENCY_FACTS}


@pytest.mark.parametrize("kind", DECISIONS_SAID)
def test_a_decision_becomes_its_fact(kind: str) -> None:
    about = work()
    receipt, decision = stated(about, {"kind": kind} | DECIDED | DECISIONS_SAID[kind])
    (fact_type,) = [one for one in AGENCY_FACTS if says(one) == kind]
    assert [receipt.type, decision.type] == [DELIVERED, fact_type]
    assert receipt.id == fact_id(about.id, DELIVERED, "0")
    assert decision.id == fact_id(about.id, fact_type, "1")
    for one in (receipt, decision):
        assert (one.topic, one.key, one.traceparent) == (AGENCY_RESULTS.name, about.dossier, "trace")
        fact = AGENCY_FACTS[one.type].model_validate_json(one.value)
        assert (fact.number, fact.agency, fact.message_id) == (about.dossier, "BYTE", about.id)
        assert fact.pack_version == "2026.7", "of the work that is answered"
    found = AGENCY_FACTS[fact_type].model_validate_json(decision.value).model_dump(mode="json")
    assert found.items() >= DECISIONS_SAID[kind].items()
    assert datetime.fromisoformat(found["decided_at"]) == datetime(2026, 3, 2, 3, tzinfo=UTC)


def test_the_pack_version_is_the_works_own_for_news_too() -> None:
    (receipt,) = stated(work(what="edited"))
    assert Delivered.model_validate_json(receipt.value).pack_version == "2026.7"
    (receipt,) = stated(pending(1))
    assert Delivered.model_validate_json(receipt.value).pack_version == "", "work of an older release says none"


def test_an_agency_speaks_for_itself_about_this_dossier_whatever_it_writes() -> None:
    other = {"number": "260000000025", "agency": "BCT", "message_id": "m", "pack_version": "1", "kind": "accepted"}
    _, decision = stated(work(), other | DECIDED)
    fact = AGENCY_FACTS[decision.type].model_validate_json(decision.value)
    assert isinstance(fact, AgencyFact)
    known = (work().dossier, "BYTE", work().id, "2026.7")
    assert (fact.number, fact.agency, fact.message_id, fact.pack_version) == known


def test_the_same_answer_states_the_same_facts() -> None:
    said = [{"kind": kind} | DECIDED | DECISIONS_SAID[kind] for kind in ("accepted", "accepted", "result-issued")]
    assert stated(work(), *said) == stated(work(), *said)
    assert len({one.id for one in stated(work(), *said)}) == 4


@pytest.mark.parametrize("kind", ["delivered", "eaten", "", "ACCEPTED", "vn.nsw.dossier.accepted.v1", None, 5])
def test_a_decision_of_no_known_kind_is_named(kind: object) -> None:
    good = {"kind": "accepted"} | DECIDED
    with pytest.raises(NoSuchWord, match=r"they say technical-error, accepted"):
        stated(work(), good, {"kind": kind} | DECIDED)


WRONG: dict[str, dict[str, Any]] = {
    "no time": {"kind": "accepted"},
    "a time without a zone": {"kind": "accepted", "decided_at": "2026-03-02T10:00:00"},
    "no reason": {"kind": "refused"} | DECIDED,
    "an amount in words": {"kind": "fee-requested", "amount": "nhiều", "currency": "VND"} | DECIDED,
    "a negative amount": {"kind": "fee-requested", "amount": "-1", "currency": "VND"} | DECIDED,
    "no currency": {"kind": "fee-requested", "amount": "1"} | DECIDED,
    "an unknown outcome": {"kind": "result-issued", "outcome": "perhaps"} | DECIDED,
    "no outcome": {"kind": "result-amended"} | DECIDED,
    "too many items": {"kind": "supplement-requested", "reason": "r", "items": ["x"] * 201} | DECIDED,
    "a day that is none": {"kind": "result-issued", "outcome": "passed", "valid_until": "2027-02-30"} | DECIDED,
}


@pytest.mark.parametrize("name", WRONG)
def test_a_decision_that_lacks_something_is_no_fact(name: str) -> None:
    with pytest.raises(ValidationError):
        stated(work(), WRONG[name])


def test_an_answer_holds_so_many_decisions_and_no_more() -> None:
    good = {"kind": "technical-error", "code": "ERR02"} | DECIDED
    assert len(stated(work(), *[good] * DECISIONS)) == DECISIONS + 1
    with pytest.raises(ValidationError):
        stated(work(), *[good] * (DECISIONS + 1))
