"""What a business reads: complete in both languages, with what to do next and by when."""

from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from nsw_contracts.events import PUBLIC_FACTS, says
from nsw_contracts.lifecycle import BUSINESS_ACTS, STATUSES, AgencySays, Told
from nsw_contracts.sentences import HAPPENED, LANGUAGES, NEXT, NEXT_AFTER, OUTCOMES, STATUS, Language
from nsw_contracts.telling import moment, tell

NEVER_TOLD = {"delivered", "submitted", "coordinating-decided", "closed"}  # to businesses
WHATS = sorted((set(get_args(AgencySays)) | set(get_args(Told))) - NEVER_TOLD)
KINDS = [says(kind) for kind in PUBLIC_FACTS]
AT = datetime(2026, 3, 12, 10, tzinfo=UTC)


def test_the_tables_are_complete_in_both_languages() -> None:
    assert set(STATUS) == set(NEXT) == set(STATUSES)
    assert set(HAPPENED) == {*WHATS, *KINDS} - {"status-changed"}
    assert set(NEXT_AFTER) <= set(HAPPENED)
    assert set(OUTCOMES) == {"passed", "failed", "licensed"}
    for table in (STATUS, NEXT, HAPPENED, NEXT_AFTER, OUTCOMES):
        for texts in table.values():
            assert set(texts) == set(LANGUAGES)
            assert texts["en"] != texts["vi"]
            assert all(text.strip().endswith(".") for text in texts.values())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("what", ["", *WHATS])
def test_whatever_happens_in_whatever_status_says_what_and_what_next(
    what: str, status: str, language: Language
) -> None:
    told = tell("status-changed", {"status": status, "what": what}, language)
    assert told.happened
    assert told.next
    assert told.happened in str(told)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "status-changed"])
def test_every_other_public_fact_has_a_sentence_of_its_own(kind: str) -> None:
    assert tell(kind, {"status": "accepted"}, "en").happened == HAPPENED[kind]["en"]


@pytest.mark.parametrize("status", sorted(BUSINESS_ACTS))
def test_who_must_act_reads_until_when(status: str) -> None:
    fact: dict[str, Any] = {"status": status, "answer_by": AT.isoformat(), "due_at": AT.replace(month=4).isoformat()}
    assert tell("status-changed", fact, "en").by_when == "Do so by 17:00 on 12 March 2026 (Vietnam time)."
    assert tell("status-changed", fact, "vi").by_when == "Thời hạn: 17:00 ngày 12/03/2026 (giờ Việt Nam)."


def test_who_waits_reads_until_when_the_agency_should_answer() -> None:
    fact: dict[str, Any] = {"status": "accepted", "due_at": AT.isoformat()}
    assert "The agency should answer by 17:00 on 12 March 2026" in str(tell("status-changed", fact, "en"))
    assert tell("status-changed", {"status": "accepted"}, "en").by_when == ""


def test_a_fee_and_a_result_are_told_with_what_they_come_to() -> None:
    fee = {"status": "fee_due", "what": "fee-requested", "amount": "300000", "currency": "VND"}
    assert "(300000 VND)" in tell("status-changed", fee, "vi").happened
    result = {"status": "result_issued", "what": "result-issued", "outcome": "failed"}
    assert OUTCOMES["failed"]["vi"] in tell("status-changed", result, "vi").happened


def test_words_of_a_later_release_are_no_fault() -> None:
    told = tell("exported", {"status": "exported", "what": "sent-abroad"}, "vi")
    assert (told.happened, told.next) == ("exported", "")


def test_times_are_as_in_vietnam() -> None:
    assert moment(datetime(2026, 12, 31, 20, tzinfo=UTC), "vi") == "03:00 ngày 01/01/2027 (giờ Việt Nam)"
