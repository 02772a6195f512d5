"""Vietnamese working time: when a length of time ends, what is left of it, and which days are worked.

Every moment is timezone-aware and given back in UTC; the country's clock is UTC+7 all year. Clocks run in whole
seconds: the fraction of a second is dropped from what is given. The days are in `data/calendar.yaml`; a day outside its
years is judged by the weekday and the holidays of fixed date alone, and `calendar_ends` says where that begins.

How a term runs (Civil Code 91/2015/QH13, articles 147 and 148):

- `working_days` do not count the day they start on, and end at the close of office hours of the last one.
- `days` do not count it either, and end at 24:00 of the last one or, where that is a day off, of the next working day.
- `working_seconds` run in office hours only, `seconds` always, both from the moment they start.

A clock is stopped and goes on by `due(resumed_at, left(stopped_at, old_due, unit))`. Stopped and resumed at the same
moment before it is due, it ends when it would have: `left` does not count today, exactly as `due` does not. The day a
stop falls on is used up, the day of going on is free, so one stop moves the end by the working days between and no
more. A clock stopped on its last day has nothing left but that day; `due` of nothing is the next close of office at or
after the moment (24:00 of the next working day for `days`). So nobody is late through having been stopped; but a clock
that was late already must be remembered as late by its owner, for `left` of it is nothing as well.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, NamedTuple, assert_never

import yaml

Unit = Literal["working_days", "working_seconds", "days", "seconds"]


class Term(NamedTuple):
    """A length of time, never negative: `Term(3, "working_days")`."""

    amount: int
    unit: Unit


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_ZONE: Final = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
_AHEAD: Final = 7 * 3600
_DAY: Final = 86_400
_FIRST, _LAST = date(2000, 1, 1), date(2099, 12, 31)
"""The days that can be counted at all; far beyond any clock, near enough for a table."""
_FIRST_DAY: Final = _FIRST.toordinal() - _EPOCH_ORDINAL
_SATURDAY: Final = 5

_TERM: Final = re.compile(r"([0-9]{1,9}) (working )?(day|hour|minute|second)s?")
_SECONDS: Final = {"hour": 3600, "minute": 60, "second": 1}


class _Calendar(NamedTuple):
    """The working days as numbers; a day's number is counted from `_FIRST`."""

    before: list[int]
    """How many working days come before day i; one longer than the days, so that `before[i + 1]` counts day i too."""
    days: list[int]
    """The number of the k-th working day."""
    hours: tuple[tuple[int, int], ...]
    """Office hours, in seconds of the day."""
    length: int
    """A working day's office time in seconds."""
    closes: int
    """When the last office hour ends, in seconds of the day."""
    ends: date
    """The last day of the last year with a table."""


def parse_term(text: str) -> Term:
    """The term a pack writes as `3 working days`, `4 working hours`, `30 days`, `1 hour` or `45 minutes`.

    Raises:
        ValueError: the text has another form.
    """
    match = _TERM.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{text!r} is no length of time: write a whole number and a unit, such as '3 working days', "
            "'4 working hours', '30 working minutes', '30 days', '1 hour' or '45 minutes'"
        )
    amount, working, unit = int(match[1]), match[2] is not None, match[3]
    if unit == "day":
        return Term(amount, "working_days" if working else "days")
    return Term(amount * _SECONDS[unit], "working_seconds" if working else "seconds")


def term_text(term: Term) -> str:
    """The term as a pack writes it, in the largest unit that holds it: `4 working hours`."""
    match term.unit:
        case "working_days" | "days":
            amount, unit = term.amount, "day"
        case "working_seconds" | "seconds":
            unit = next(unit for unit, seconds in _SECONDS.items() if term.amount % seconds == 0)
            amount = term.amount // _SECONDS[unit]
        case _ as never:
            assert_never(never)
    working = "working " if term.unit in {"working_days", "working_seconds"} else ""
    return f"{amount} {working}{unit}{'' if amount == 1 else 's'}"


def due(start: datetime, term: Term) -> datetime:
    """When a term that starts at `start` ends.

    Raises:
        ValueError: the term is negative, or start or end lie outside the years 2000 to 2099.
        TypeError: `start` has no timezone.
    """
    amount, unit = term
    if amount < 0:
        raise ValueError(f"a term cannot be negative: {amount} {unit}")
    calendar = _calendar()
    day, second = _place(start)
    try:
        match unit:
            case "working_days":
                last = calendar.before[day + 1] + amount - 1
                if not amount:
                    last = calendar.before[day] if second <= calendar.closes else calendar.before[day + 1]
                return _moment(calendar.days[last], calendar.closes)
            case "working_seconds":
                if not amount:
                    return _moment(day, second)
                return _reached(calendar, _office_time(calendar, day, second) + amount)
            case "days":
                return _moment(calendar.days[calendar.before[day + amount]], _DAY)
            case "seconds":
                return _moment(day, second + amount)
            case _ as never:
                assert_never(never)
    except IndexError:
        raise ValueError(f"{term_text(term)} from {start} end after {_LAST}, the last day that is counted") from None


def left(at: datetime, due: datetime, unit: Unit) -> Term:
    """What is left at `at` of a term that ends at `due`; 0 once it has passed.

    Days are counted without the one `at` falls on: `due(at, left(at, end, unit)) == end` for every `end` that `due`
    gave for the unit and that is still to come.

    Raises:
        ValueError: a moment lies outside the years 2000 to 2099.
        TypeError: a moment has no timezone.
    """
    day, second = _place(at)
    last, last_second = _place(due)
    if not last_second:  # 24:00 belongs to the day it ends
        last, last_second = last - 1, _DAY
    match unit:
        case "working_days":
            before = _calendar().before
            amount = before[last + 1] - before[day + 1]
        case "working_seconds":
            calendar = _calendar()
            amount = _office_time(calendar, last, last_second) - _office_time(calendar, day, second)
        case "days":
            amount = last - day
        case "seconds":
            amount = (last - day) * _DAY + last_second - second
        case _ as never:
            assert_never(never)
    return Term(max(amount, 0), unit)


def before(due: datetime, term: Term) -> datetime:
    """The moment `term` before `due`, for warnings: as late as it can be said with that much time still to come.

    A working day is a day's office time here. In working units the moment lies in office hours: one working day before
    Wednesday 17:00 is Wednesday 08:00, four working hours before Monday 10:00 are Friday 15:00.

    Raises:
        ValueError: the term is negative, or a moment lies outside the years 2000 to 2099.
        TypeError: `due` has no timezone.
    """
    amount, unit = term
    if amount < 0:
        raise ValueError(f"a term cannot be negative: {amount} {unit}")
    day, second = _place(due)
    match unit:
        case "days":
            return _moment(day - amount, second)
        case "seconds":
            return _moment(day, second - amount)
        case "working_days" | "working_seconds":
            calendar = _calendar()
            if not amount:
                return _moment(day, second)
            worked = _office_time(calendar, day, second) - amount * (calendar.length if unit == "working_days" else 1)
            if worked < 0:
                raise ValueError(f"{term_text(term)} before {due} lie before {_FIRST}, the first day that is counted")
            number, rest = divmod(worked, calendar.length)
            for opens, closes in calendar.hours:
                if rest < closes - opens:
                    break
                rest -= closes - opens
            return _moment(calendar.days[number], opens + rest)
        case _ as never:
            assert_never(never)


def is_working_day(day: date) -> bool:
    """Whether offices work that day.

    Raises:
        ValueError: the day lies outside the years 2000 to 2099.
    """
    counted, number = _calendar().before, _number(day.toordinal() - _EPOCH_ORDINAL)
    return counted[number] < counted[number + 1]


def local(at: datetime) -> datetime:
    """The moment on the country's clock."""
    return at.astimezone(_ZONE)


def local_day(at: datetime) -> date:
    """The day it is in the country at that moment."""
    return at.astimezone(_ZONE).date()


def day_begins(day: date) -> datetime:
    """The moment the day begins in the country, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=_ZONE).astimezone(UTC)


def calendar_ends() -> date:
    """The last day whose holidays are known; later days are judged by weekday and fixed-date holidays alone."""
    return _calendar().ends


def _place(at: datetime) -> tuple[int, int]:
    """The day's number and the second of the day on the country's clock."""
    since = at - _EPOCH
    second = since.seconds + _AHEAD
    return (_number(since.days), second) if second < _DAY else (_number(since.days + 1), second - _DAY)


def _number(epoch_day: int) -> int:
    number = epoch_day - _FIRST_DAY
    if not 0 <= number <= _LAST.toordinal() - _FIRST.toordinal():
        raise ValueError(f"only days from {_FIRST} to {_LAST} are counted, not {_EPOCH.date() + timedelta(epoch_day)}")
    return number


def _moment(day: int, second: int) -> datetime:
    return _EPOCH + timedelta(_FIRST_DAY + day, second - _AHEAD)


def _office_time(calendar: _Calendar, day: int, second: int) -> int:
    """Office seconds from the table's first day to that second of that day."""
    before = calendar.before
    total = before[day] * calendar.length
    if before[day + 1] != before[day]:
        for opens, closes in calendar.hours:
            if second > opens:
                total += min(second, closes) - opens
    return total


def _reached(calendar: _Calendar, worked: int) -> datetime:
    """The first moment that many office seconds have passed; `worked` is above 0."""
    number, rest = divmod(worked - 1, calendar.length)
    rest += 1
    for opens, closes in calendar.hours:
        if rest <= closes - opens:
            break
        rest -= closes - opens
    return _moment(calendar.days[number], opens + rest)


@cache
def _calendar() -> _Calendar:
    data: dict[str, Any] = yaml.safe_load((files(__package__) / "data" / "calendar.yaml").read_text(encoding="utf-8"))
    years: dict[int, Any] = data["years"]
    off = {day["date"] for year in years.values() for day in (*year["holidays"], *year["days_off"])}
    on = {day["date"] for year in years.values() for day in year["working_saturdays"]}
    for year in range(_FIRST.year, _LAST.year + 1):
        if year not in years:
            fixed = [one for one in data["fixed_holidays"] if year >= one.get("since", _FIRST.year)]
            off.update(date.fromisoformat(f"{year}-{one['day']}") for one in fixed)

    before, days = [0], []
    for number in range(_LAST.toordinal() - _FIRST.toordinal() + 1):
        day = _FIRST + timedelta(number)
        if (day.weekday() < _SATURDAY and day not in off) or day in on:
            days.append(number)
        before.append(len(days))
    hours = tuple((_seconds(one["opens"]), _seconds(one["closes"])) for one in data["office_hours"])
    length = sum(closes - opens for opens, closes in hours)
    return _Calendar(before, days, hours, length, closes=hours[-1][1], ends=date(max(years), 12, 31))


def _seconds(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 3600 + int(minute) * 60
