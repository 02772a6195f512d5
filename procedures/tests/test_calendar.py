"""Working time against cases worked out by hand, a day-by-day model, the laws of clocks and an independent calendar."""

from datetime import UTC, date, datetime, timedelta, timezone
from importlib.resources import files

import holidays
import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st
from nsw_procedures.calendar import (
    Term,
    before,
    calendar_ends,
    day_begins,
    due,
    is_working_day,
    left,
    local,
    local_day,
    parse_term,
    term_text,
)

HANOI = timezone(timedelta(hours=7))
TABLE = yaml.safe_load((files("nsw_procedures") / "data" / "calendar.yaml").read_text(encoding="utf-8"))
YEARS = TABLE["years"]

# What we know and the independent calendar does not (yet): the swap of 2 January 2026, dispatch 12729/VPCP-KGVX.
DELIBERATE = {date(2026, 1, 2): False, date(2026, 1, 10): True}


def at(text: str) -> datetime:
    """A moment on the country's clock, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=HANOI).astimezone(UTC)


# --- cases worked out by hand -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "term", "ends"),
    [
        # Tết 2026: off from Saturday 14 to Sunday 22 February
        ("2026-02-12 14:00", "3 working days", "2026-02-24 17:00"),
        ("2026-02-13 16:00", "1 working day", "2026-02-23 17:00"),
        ("2026-02-13 16:00", "2 working hours", "2026-02-23 09:00"),
        ("2026-02-17 00:00", "1 working day", "2026-02-23 17:00"),
        ("2026-02-10 09:00", "7 days", "2026-02-24 00:00"),  # 17 February is the first of Tết: the 23rd, at 24:00
        ("2026-02-13 16:00", "4 hours", "2026-02-13 20:00"),
        # Friday 2 January 2026 off, Saturday the 10th worked instead
        ("2025-12-31 10:00", "1 working day", "2026-01-05 17:00"),
        ("2026-01-09 16:30", "1 working hour", "2026-01-10 08:30"),
        ("2026-01-09 10:00", "2 working days", "2026-01-12 17:00"),
        # Hung Kings' Day on Sunday 26 April 2026, made up for on Monday; then 30 April and 1 May
        ("2026-04-24 10:00", "3 working days", "2026-05-04 17:00"),
        ("2026-04-24 10:00", "2 days", "2026-04-29 00:00"),
        ("2026-04-29 16:00", "90 working minutes", "2026-05-04 08:30"),
        # 2 September 2026: Monday 31 August off, Saturday 22 August worked instead
        ("2026-08-21 10:00", "1 working day", "2026-08-22 17:00"),
        ("2026-08-28 10:00", "1 working day", "2026-09-03 17:00"),
        ("2026-08-28 16:59:59", "2 working seconds", "2026-09-03 08:00:01"),
        ("2026-11-23 17:30", "1 working day", "2026-11-25 17:00"),  # Culture Day
        # Friday afternoon, over noon, nights and weekends
        ("2026-03-06 15:00", "4 working hours", "2026-03-09 10:00"),
        ("2026-03-06 15:00", "2 working hours", "2026-03-06 17:00"),
        ("2026-03-06 11:30", "30 working minutes", "2026-03-06 12:00"),
        ("2026-03-06 11:30", "45 working minutes", "2026-03-06 13:15"),
        ("2026-03-05 23:30", "1 working hour", "2026-03-06 09:00"),
        ("2026-03-05 23:30", "1 working day", "2026-03-06 17:00"),
        ("2026-03-06 00:10", "1 working day", "2026-03-09 17:00"),
        ("2026-03-07 11:00", "4 working hours", "2026-03-09 12:00"),
        ("2026-03-07 11:00", "2 days", "2026-03-10 00:00"),
        ("2026-03-07 11:00", "1 day", "2026-03-10 00:00"),
        ("2026-03-03 11:00", "30 days", "2026-04-03 00:00"),
        # ships are dealt with around the clock
        ("2026-02-17 03:10", "1 hour", "2026-02-17 04:10"),
        ("2026-02-17 03:10", "45 minutes", "2026-02-17 03:55"),
    ],
)
def test_a_term_ends_when_it_should(start: str, term: str, ends: str) -> None:
    assert due(at(start), parse_term(term)) == at(ends)


@pytest.mark.parametrize(
    ("moment", "end", "unit", "amount"),
    [
        ("2026-02-13 09:00", "2026-02-24 17:00", "working_days", 2),
        ("2026-02-24 09:00", "2026-02-24 17:00", "working_days", 0),
        ("2026-02-25 09:00", "2026-02-24 17:00", "working_days", 0),
        ("2026-02-13 16:00", "2026-02-23 09:00", "working_seconds", 7200),
        ("2026-02-23 09:30", "2026-02-23 09:00", "working_seconds", 0),
        ("2026-02-13 16:00", "2026-02-24 00:00", "days", 10),
        ("2026-02-23 16:00", "2026-02-24 00:00", "days", 0),
        ("2026-02-24 00:00", "2026-02-24 00:00", "days", 0),
        ("2026-02-17 03:10", "2026-02-17 04:10", "seconds", 3600),
        ("2026-02-17 05:10", "2026-02-17 04:10", "seconds", 0),
    ],
)
def test_what_is_left(moment: str, end: str, unit: str, amount: int) -> None:
    assert left(at(moment), at(end), unit) == Term(amount, unit)


@pytest.mark.parametrize(
    ("end", "term", "warned"),
    [
        ("2026-03-11 17:00", "1 working day", "2026-03-11 08:00"),
        ("2026-02-24 17:00", "3 working days", "2026-02-13 08:00"),
        ("2026-03-09 10:00", "4 working hours", "2026-03-06 15:00"),
        ("2026-03-09 17:00", "4 working hours", "2026-03-09 13:00"),  # not at 12:00, when everyone goes
        ("2026-03-09 17:00", "8 working hours", "2026-03-09 08:00"),
        ("2026-03-10 00:00", "4 working hours", "2026-03-09 13:00"),
        ("2026-03-09 10:00", "0 working hours", "2026-03-09 10:00"),
        ("2026-03-10 00:00", "2 days", "2026-03-08 00:00"),
        ("2026-02-17 04:10", "15 minutes", "2026-02-17 03:55"),
    ],
)
def test_a_warning_comes_in_time(end: str, term: str, warned: str) -> None:
    assert before(at(end), parse_term(term)) == at(warned)


def test_a_stopped_clock_gives_back_the_days_it_stood_still_and_no_more() -> None:
    end = due(at("2026-03-02 09:00"), parse_term("5 working days"))
    assert end == at("2026-03-09 17:00")
    rest = left(at("2026-03-04 10:00"), end, "working_days")
    assert rest == Term(3, "working_days")
    assert due(at("2026-03-04 16:00"), rest) == end
    assert due(at("2026-03-05 16:00"), rest) == at("2026-03-10 17:00")
    assert due(at("2026-03-07 16:00"), rest) == at("2026-03-11 17:00")


@pytest.mark.parametrize(
    ("resumed", "ends"),
    [
        ("2026-03-05 10:00", "2026-03-05 17:00"),
        ("2026-03-05 17:00", "2026-03-05 17:00"),
        ("2026-03-05 18:00", "2026-03-06 17:00"),
        ("2026-03-07 10:00", "2026-03-09 17:00"),
    ],
)
def test_stopped_on_its_last_day_it_gets_the_rest_of_a_day(resumed: str, ends: str) -> None:
    assert due(at(resumed), left(at("2026-03-04 10:00"), at("2026-03-04 17:00"), "working_days")) == at(ends)


# --- terms as text ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("3 working days", Term(3, "working_days")),
        ("1 working day", Term(1, "working_days")),
        ("4 working hours", Term(14_400, "working_seconds")),
        ("30 working minutes", Term(1_800, "working_seconds")),
        ("1 hour", Term(3_600, "seconds")),
        ("45 minutes", Term(2_700, "seconds")),
        ("30 days", Term(30, "days")),
        ("61 seconds", Term(61, "seconds")),
    ],
)
def test_terms_are_read_and_written(text: str, term: Term) -> None:
    assert parse_term(text) == term
    assert term_text(term) == text


@pytest.mark.parametrize(
    "text", ["", "3", "working day", "-1 days", "1.5 hours", "3  days", "3 Days", "2 weeks", "٣ days", "3 days "]
)
def test_other_texts_are_refused_with_the_forms_there_are(text: str) -> None:
    with pytest.raises(ValueError, match=r"3 working days.*45 minutes"):
        parse_term(text)


UNITS = st.sampled_from(["working_days", "working_seconds", "days", "seconds"])
TERMS = st.one_of(
    st.builds(Term, st.integers(0, 400), st.sampled_from(["working_days", "days"])),
    st.builds(Term, st.integers(0, 5_000_000), st.sampled_from(["working_seconds", "seconds"])),
)
FIRST, LAST = datetime(2019, 1, 1), datetime(2033, 12, 31)  # noqa: DTZ001 (hypothesis adds the zone)
MOMENTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))


@given(TERMS)
def test_every_term_survives_its_text(term: Term) -> None:
    assert parse_term(term_text(term)) == term


# --- the laws of clocks -----------------------------------------------------------------------------------------------


@given(MOMENTS, MOMENTS, TERMS)
def test_who_starts_later_is_not_due_earlier(one: datetime, other: datetime, term: Term) -> None:
    early, late = sorted((one, other))
    assert due(early, term) <= due(late, term)


@given(MOMENTS, TERMS, st.integers(0, 50_000))
def test_who_has_more_time_is_not_due_earlier(start: datetime, term: Term, more: int) -> None:
    if term.unit in {"working_days", "days"}:
        more %= 50
    assert due(start, term) <= due(start, Term(term.amount + more, term.unit))


@given(MOMENTS, TERMS)
def test_a_term_just_begun_is_wholly_left(start: datetime, term: Term) -> None:
    rest = left(start, due(start, term), term.unit)
    if term.amount == 0 or term.unit == "days":  # these may be moved on to the next working day
        assert rest.amount >= term.amount
    else:
        assert rest == term


@given(MOMENTS, TERMS, st.data())
def test_stopping_and_going_on_at_once_changes_nothing(start: datetime, term: Term, data: st.DataObject) -> None:
    end = due(start, term)
    assume(end > start)
    moment = data.draw(st.datetimes(start.replace(tzinfo=None), end.replace(tzinfo=None), timezones=st.just(UTC)))
    assume(moment < end)
    assert due(moment, left(moment, end, term.unit)) == end


@given(MOMENTS, TERMS, st.lists(st.integers(0, 40 * 86_400), min_size=2, max_size=6))
def test_a_stop_never_brings_the_end_nearer(start: datetime, term: Term, steps: list[int]) -> None:
    end, moment = due(start, term), start
    for stop, go_on in zip(steps[::2], steps[1::2], strict=False):
        moment += timedelta(seconds=stop)
        if moment >= end:
            return
        rest = left(moment, end, term.unit)
        moment += timedelta(seconds=go_on)
        later = due(moment, rest)
        assert later >= end
        assert later >= moment.replace(microsecond=0)
        end = later


@given(MOMENTS, TERMS)
def test_a_warning_leaves_the_time_it_promises(start: datetime, term: Term) -> None:
    end = due(start, Term(500, "working_days"))
    moment = before(end, term)
    assert moment <= end
    if term.unit == "working_seconds":
        assert left(moment, end, "working_seconds") == term
    if term.unit == "working_days":
        assert left(moment, end, "working_seconds").amount == term.amount * 8 * 3600
    if term.unit in {"working_days", "working_seconds"} and term.amount:
        assert is_working_day(local_day(moment))
        assert local(moment).hour in {8, 9, 10, 11, 13, 14, 15, 16}


@given(MOMENTS, st.integers(0, 30))
def test_working_days_are_counted_as_a_finger_counts_them(start: datetime, amount: int) -> None:
    here = start.astimezone(HANOI)
    day, to_go = here.date(), amount
    if not amount and not (is_working_day(day) and here.replace(microsecond=0).time().isoformat() <= "17:00:00"):
        to_go = 1
    while to_go:
        day += timedelta(days=1)
        to_go -= is_working_day(day)
    assert due(start, Term(amount, "working_days")) == at(f"{day} 17:00")


@given(MOMENTS, st.integers(1, 200))
def test_working_minutes_are_counted_as_a_clock_counts_them(start: datetime, minutes: int) -> None:
    moment, to_go = start.replace(second=0, microsecond=0), minutes
    while to_go:
        here = moment.astimezone(HANOI)
        if not is_working_day(here.date()):
            moment = day_begins(here.date() + timedelta(days=1))
            continue
        to_go -= here.hour in {8, 9, 10, 11, 13, 14, 15, 16}
        moment += timedelta(minutes=1)
    assert due(start.replace(second=0), Term(minutes * 60, "working_seconds")) == moment


# --- edges ------------------------------------------------------------------------------------------------------------


def test_other_zones_and_fractions_of_a_second_make_no_difference() -> None:
    utc = datetime(2026, 3, 6, 8, 0, 0, 999_999, tzinfo=UTC)
    for unit in ("working_days", "working_seconds", "days", "seconds"):
        ends = due(utc, Term(3, unit))
        assert ends == due(utc.astimezone(HANOI), Term(3, unit)) == due(utc.replace(microsecond=0), Term(3, unit))
        assert ends.tzinfo is UTC
        assert not ends.microsecond


def test_days_begin_at_midnight_in_the_country() -> None:
    assert local_day(datetime(2026, 3, 5, 17, 0, tzinfo=UTC)) == date(2026, 3, 6)
    assert local_day(datetime(2026, 3, 5, 16, 59, 59, tzinfo=UTC)) == date(2026, 3, 5)
    assert day_begins(date(2026, 3, 6)) == datetime(2026, 3, 5, 17, 0, tzinfo=UTC)
    assert local(day_begins(date(2026, 3, 6))).isoformat() == "2026-03-06T00:00:00+07:00"


def test_what_cannot_be_counted_is_refused() -> None:
    start = at("2026-03-06 10:00")
    with pytest.raises(TypeError, match="naive"):
        due(datetime(2026, 3, 6), Term(1, "days"))  # noqa: DTZ001 (that is the point)
    for function in (due, before):
        with pytest.raises(ValueError, match="negative"):
            function(start, Term(-1, "days"))
    for unit in ("working_days", "working_seconds", "days"):
        with pytest.raises(ValueError, match="2099"):
            due(start, Term(999_999_999, unit))
    with pytest.raises(ValueError, match="2000"):
        before(start, Term(999_999, "working_days"))
    with pytest.raises(ValueError, match="2000"):
        is_working_day(date(1999, 12, 31))


# --- the table --------------------------------------------------------------------------------------------------------


def test_working_days_are_those_of_an_independent_calendar_but_for_named_ones() -> None:
    oracle = holidays.country_holidays("VN", years=range(2018, 2028))
    day, differences = date(2019, 1, 1), {}
    while day <= date(2026, 12, 31):
        if is_working_day(day) != oracle.is_working_day(day):
            differences[day] = is_working_day(day)
        day += timedelta(days=1)
    assert differences == DELIBERATE


def test_holidays_yet_to_be_announced_are_those_of_an_independent_calendar() -> None:
    oracle = holidays.country_holidays("VN", years=range(2026, 2032))
    day = date(2027, 1, 1)
    while day <= calendar_ends():
        assert is_working_day(day) == oracle.is_working_day(day), day
        day += timedelta(days=1)


def test_the_table_covers_2019_to_2030_and_says_where_each_year_comes_from() -> None:
    assert list(YEARS) == list(range(2019, 2031))
    assert calendar_ends() == date(2030, 12, 31)
    assert all(year["source"].strip() for year in YEARS.values())


@pytest.mark.parametrize("number", YEARS)
def test_a_year_has_the_holidays_of_the_labour_code_and_each_other_day_off_its_reason(number: int) -> None:
    year = YEARS[number]
    named = [one["date"] for one in year["holidays"]]
    assert named == sorted(set(named))
    assert len(named) == 10 + (number >= 2021) + (number >= 2026)
    assert all(one["vi"] and one["en"] for one in year["holidays"])
    swaps = {one["for"]: one["date"] for one in year["working_saturdays"]}
    assert all(saturday.weekday() == 5 for saturday in swaps.values())
    for one in year["days_off"]:
        assert one["date"].weekday() < 5
        assert one["date"] not in named
        if one["date"] in swaps:
            assert one["for"] == swaps[one["date"]]
        else:  # a holiday on a weekend is made up for
            assert one["for"] in named
            assert one["for"].weekday() >= 5
    weekend = {day for day in named if day.weekday() >= 5}
    assert weekend == {one["for"] for one in year["days_off"]} & set(named)


def test_beyond_the_table_weekday_and_fixed_dates_decide() -> None:
    assert not is_working_day(date(2031, 1, 1))
    assert not is_working_day(date(2031, 11, 24))
    assert is_working_day(date(2031, 1, 23))  # Tết 2031, of which the table knows nothing
    assert is_working_day(date(2018, 11, 26))
    assert not is_working_day(date(2031, 1, 4))
