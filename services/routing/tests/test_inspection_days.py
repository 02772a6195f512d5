"""`GET /v1/inspection-days/{day}`: commitments ahead, seeds afterwards, and nothing in between."""

from datetime import UTC, date, datetime

import httpx
import pytest
from nsw_routing.draws import Draws
from nsw_routing.routes import InspectionDays
from nsw_runtime.problems import Problem
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)  # 17:00 on 2 March in Viet Nam
DRAWS = Draws(bytes(range(32)))


async def problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def ask(day: str, now: datetime = NOW) -> httpx.Response:
    routes = InspectionDays(draws=DRAWS, clock=lambda: now).routes()
    transport = httpx.ASGITransport(Starlette(routes=routes, exception_handlers={Problem: problem}))
    async with httpx.AsyncClient(transport=transport, base_url="http://routing") as client:
        return await client.get(f"/v1/inspection-days/{day}")


@pytest.mark.parametrize("day", ["2026-03-02", "2026-03-03", "2026-04-01"])
async def test_a_day_that_is_not_over_has_a_commitment_and_no_seed(day: str) -> None:
    answer = await ask(day)
    assert answer.status_code == 200
    found = answer.json()
    assert found["day"] == day
    assert found["commitment"] == DRAWS.commitment(date.fromisoformat(day))
    assert found["seed"] is None
    assert DRAWS.seed(date.fromisoformat(day)).hex() not in answer.text


async def test_a_day_that_is_over_has_its_seed() -> None:
    assert (await ask("2026-03-01")).json() == {
        "day": "2026-03-01",
        "commitment": DRAWS.commitment(date(2026, 3, 1)),
        "seed": DRAWS.seed(date(2026, 3, 1)).hex(),
        "revealed_at": "2026-03-01T17:00:00+00:00",
    }


async def test_a_day_is_over_at_midnight_in_viet_nam() -> None:
    assert (await ask("2026-03-02", datetime(2026, 3, 2, 16, 59, 59, tzinfo=UTC))).json()["seed"] is None
    assert (await ask("2026-03-02", datetime(2026, 3, 2, 17, tzinfo=UTC))).json()["seed"] is not None


@pytest.mark.parametrize("day", ["2026-04-02", "9999-12-31", "2019-12-31", "0001-01-01"])
async def test_days_out_of_reach(day: str) -> None:
    answer = await ask(day)
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:nsw:problem:unknown-day"
    assert "2026-04-01" in answer.json()["detail"]


@pytest.mark.parametrize(
    "day", ["today", "2026-02-30", "20260302", "2026-W10-1", "2026-3-2", "2026-03-02T00:00", "٢٠٢٦-03-02"]
)
async def test_what_is_no_day(day: str) -> None:
    answer = await ask(day)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/day"]


async def test_the_first_day() -> None:
    assert (await ask("2020-01-01")).status_code == 200
