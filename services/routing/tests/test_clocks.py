"""Clocks: they run in working time, stand still while the business must act, and speak once each at the right hour."""

from datetime import UTC, datetime, timedelta, timezone

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from nsw_procedures.pack import Deadlines
from nsw_routing import clocks
from nsw_routing.case import NO_CLOCK, Case
from nsw_routing.machine import Moved, Noted, ask, hear
from saying import asked, case_at, said

VIETNAM = timezone(timedelta(hours=7))
DEADLINES = Deadlines.model_validate(
    {
        "acceptance": "1 working day",
        "decision": "3 working days",
        "warning": "4 working hours",
        "answer": "15 working days",
        "agencies": {"BTC": {"acceptance": "2 working hours", "decision": "1 hour"}},
    }
)


def at(day: str, hour: str = "09:00") -> datetime:
    """A moment of Viet Nam's clock."""
    return datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=VIETNAM).astimezone(UTC)


def opened(submitted: datetime, *agencies: str) -> Case:
    case = case_at(*agencies)
    return case.but(agencies=tuple(clocks.begin(one, submitted, DEADLINES) for one in case.agencies))


def told(case: Case, word: str, when: datetime, agency: str = "BYTE") -> Case:
    outcome = hear(case, word, said(word, agency, when))  # type: ignore[arg-type]
    assert isinstance(outcome, (Moved, Noted)), outcome
    return clocks.follow(case, outcome.case, when, DEADLINES)


def wanted(case: Case, command: str, when: datetime) -> Case:
    outcome = ask(case, asked(command, when))  # type: ignore[arg-type]
    assert isinstance(outcome, Moved), outcome
    return clocks.follow(case, outcome.case, when, DEADLINES)


def said_by(case: Case, now: datetime) -> list[tuple[str, str]]:
    return [(one.agency, what) for one, what, _ in clocks.tick(case, now)[1]]


@pytest.mark.parametrize(
    ("submitted", "due_at"),
    [
        (at("2026-03-02"), at("2026-03-03", "17:00")),  # Monday: by the close of Tuesday
        (at("2026-03-06", "16:59"), at("2026-03-09", "17:00")),  # Friday: by the close of Monday
        (at("2026-03-07", "23:00"), at("2026-03-09", "17:00")),  # Saturday night
        (at("2026-02-13"), at("2026-02-23", "17:00")),  # the Friday before Tết 2026: nine days off follow
        (at("2026-04-29"), at("2026-05-04", "17:00")),  # 30 April and 1 May, then a weekend
        (at("2026-08-28"), at("2026-09-03", "17:00")),  # 2 September: Monday and Tuesday are off as well
        (at("2026-08-21"), at("2026-08-22", "17:00")),  # the Saturday worked in Monday's stead
        (at("2026-11-23"), at("2026-11-25", "17:00")),  # Vietnam Culture Day, new in 2026
    ],
)
def test_a_new_dossier_is_due_after_its_working_days(submitted: datetime, due_at: datetime) -> None:
    assert opened(submitted, "BYTE").lead.clock.due_at == due_at


def test_acceptance_starts_the_time_to_decide() -> None:
    case = told(opened(at("2026-03-02"), "BYTE"), "accepted", at("2026-03-02", "15:00"))
    assert case.lead.clock == clocks.Clock(due_at=at("2026-03-05", "17:00"), warn_at=at("2026-03-05", "13:00"))


def test_each_agency_has_its_own_deadline() -> None:
    case = opened(at("2026-03-02", "16:00"), "BYTE", "BTC")
    assert case.agencies[1].clock.due_at == at("2026-03-03", "09:00"), "two working hours, one of them tomorrow"
    case = told(case, "accepted", at("2026-03-02", "22:30"), "BTC")
    assert case.agencies[1].clock.due_at == at("2026-03-02", "23:30"), "an hour around the clock"
    assert case.lead.clock.due_at == at("2026-03-03", "17:00"), "the other agency's clock is its own"


def test_a_clock_stands_still_while_the_business_must_act() -> None:
    case = told(opened(at("2026-03-02"), "BYTE"), "accepted", at("2026-03-02", "15:00"))  # due Thursday
    case = told(case, "supplement-requested", at("2026-03-03", "10:00"))  # Wednesday and Thursday are left
    assert case.lead.clock.due_at is None
    assert case.next_at is None
    assert said_by(case, at("2026-12-31")) == [], "it may take the business as long as it takes"
    case = wanted(case, "supplement", at("2026-03-16", "10:00"))
    assert case.lead.clock.due_at == at("2026-03-18", "17:00")


def test_a_fee_stops_the_clock_and_payment_starts_it_again() -> None:
    case = told(opened(at("2026-03-02"), "BYTE"), "accepted", at("2026-03-02"))
    case = told(case, "fee-requested", at("2026-03-02", "10:00"))
    assert case.next_at is None
    case = wanted(case, "payment", at("2026-03-09"))
    assert case.lead.clock.due_at == at("2026-03-12", "17:00")


def test_a_warning_and_then_overdue_are_said_once_each_at_their_hour() -> None:
    case = opened(at("2026-03-06", "16:00"), "BYTE")  # Friday afternoon, due Monday at five
    assert case.next_at == at("2026-03-09", "13:00")
    assert said_by(case, at("2026-03-09", "12:59")) == []
    case, said_now = clocks.tick(case, at("2026-03-09", "13:00"))
    assert [(what, when) for _, what, when in said_now] == [("deadline-near", at("2026-03-09", "13:00"))]
    assert case.next_at == at("2026-03-09", "17:00")
    assert said_by(case, at("2026-03-09", "16:59")) == []
    case, said_now = clocks.tick(case, at("2026-03-09", "17:00"))
    assert [(what, when) for _, what, when in said_now] == [("overdue", at("2026-03-09", "17:00"))]
    assert case.next_at is None
    assert said_by(case, at("2027-01-01")) == []


def test_after_an_outage_only_overdue_is_said_and_with_the_hour_it_was() -> None:
    case = opened(at("2026-03-06", "16:00"), "BYTE")
    _, said_now = clocks.tick(case, at("2026-03-20"))
    assert [(what, when) for _, what, when in said_now] == [("overdue", at("2026-03-09", "17:00"))]


def test_late_stays_late_through_a_supplement() -> None:
    case, _ = clocks.tick(opened(at("2026-03-02"), "BYTE"), at("2026-03-04"))
    case = told(case, "supplement-requested", at("2026-03-04"))
    case = wanted(case, "supplement", at("2026-03-10"))
    assert case.lead.clock.overdue
    assert said_by(case, at("2026-12-31")) == []


@pytest.mark.parametrize("word", ["refused", "result-issued"])
def test_the_lead_agencys_word_stops_every_clock(word: str) -> None:
    case = told(opened(at("2026-03-02"), "BYTE", "BTC"), "accepted", at("2026-03-02"))
    case = told(case, word, at("2026-03-03"))
    assert [one.clock for one in case.agencies] == [NO_CLOCK, NO_CLOCK]
    assert said_by(case, at("2026-12-31")) == []


def test_withdrawing_stops_every_clock() -> None:
    case = wanted(opened(at("2026-03-02"), "BYTE", "BTC"), "withdrawal", at("2026-03-02"))
    assert case.status == "withdrawn"
    assert case.next_at is None


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 30), timezones=st.just(UTC))  # noqa: DTZ001


@settings(deadline=None)
@given(
    submitted=MOMENTS,
    days=st.integers(0, 5),
    waits=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 400)), max_size=4),
)
def test_stops_never_make_a_deadline_earlier(submitted: datetime, days: int, waits: list[tuple[int, int]]) -> None:
    """However often the business is asked, the agency never has less time than without, and each clock speaks in the
    end."""
    case = told(opened(submitted, "BYTE"), "accepted", submitted + timedelta(days=days))
    without, now = case.lead.clock.due_at, submitted + timedelta(days=days)
    assert without is not None
    for worked, answered in waits:
        now += timedelta(hours=worked)
        if now >= (case.lead.clock.due_at or now):
            break
        case = told(case, "supplement-requested", now)
        now += timedelta(hours=answered)
        case = wanted(case, "supplement", now)
        assert case.lead.clock.due_at is not None
        assert case.lead.clock.due_at >= without
    case, _ = clocks.tick(case, datetime(2028, 1, 1, tzinfo=UTC))
    assert case.next_at is None
