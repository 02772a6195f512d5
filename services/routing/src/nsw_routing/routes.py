"""Routing's HTTP: the random check of a day, for whoever audits it. Public: it says nothing about any dossier."""

import re
from datetime import UTC, date, timedelta
from typing import Final

from nsw_procedures.calendar import local_day
from nsw_runtime.clock import Clock
from nsw_runtime.identity import guarded
from nsw_runtime.problems import FieldError, Problem
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from nsw_routing.draws import Draws, revealed_at

DAYS_AHEAD: Final = 30  # of which commitments can be asked for
FIRST_YEAR: Final = 2020  # the reform that random checks come from
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class InspectionDays:
    """The handlers, over the secret's draws and a clock."""

    def __init__(self, *, draws: Draws, clock: Clock) -> None:
        self._draws = draws
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """The routes."""
        return [guarded("/v1/inspection-days/{day}", self.show, methods=["GET"], access="public")]

    async def show(self, request: Request) -> Response:
        """`GET /v1/inspection-days/{YYYY-MM-DD}`: the day's commitment, and its seed once the day is over."""
        now = self._clock()
        day = _day(request.path_params["day"])
        last = local_day(now) + timedelta(days=DAYS_AHEAD)
        if not date(FIRST_YEAR, 1, 1) <= day <= last:
            raise _no_such_day(last)
        return JSONResponse(
            {
                "day": day.isoformat(),
                "commitment": self._draws.commitment(day),
                "seed": self._draws.revealed(day, now),
                "revealed_at": revealed_at(day).astimezone(UTC).isoformat(),
            }
        )


def _day(text: str) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # such as 2026-02-30: answered below
    raise Problem(
        400, "malformed", "The day cannot be read", "Ask for a local day of Viet Nam, such as 2026-03-02.",
        errors=[FieldError("/day", "must be a day of the calendar, written YYYY-MM-DD")],
    )  # fmt: skip


def _no_such_day(last: date) -> Problem:
    return Problem(
        404, "unknown-day", "No random check of this day",
        f"Ask for a day from {FIRST_YEAR}-01-01 to {last.isoformat()}: commitments are given {DAYS_AHEAD} days ahead.",
    )  # fmt: skip
