"""Pauses and maintenance windows: written by the command, as durable as Postgres, heard by the host within a second."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from nsw_cli.main import app
from nsw_contracts.adapter.conformance.given import Given
from nsw_contracts.adapter.context import HttpSettings
from nsw_ministry_adapter.circuit import Circuit
from nsw_ministry_adapter.hosting import Hosted
from nsw_ministry_adapter.pace import Pace
from nsw_ministry_adapter.rest_json.adapter import RestJson
from nsw_ministry_adapter.rest_json.settings import RestJsonSettings
from nsw_ministry_adapter.settings import AgencySettings
from nsw_ministry_adapter.watch import Watch
from nsw_runtime.database import Pool
from support.polling import until
from support.scratch import Database
from typer.testing import CliRunner


def hosted(code: str) -> Hosted:
    http = HttpSettings(plain_loopback=True)
    adapter = RestJson(Given(code, http, {}).context, RestJsonSettings(url="http://127.0.0.1:1", signatures="none"))
    return Hosted(code, AgencySettings(code=code, adapter="rest-json"), adapter, Circuit([1.0], 2), Pace(None))


@pytest.fixture
def nsw(database: Database) -> Callable[..., Any]:
    async def run(*arguments: str, code: int = 0) -> Any:
        told = ["agency", *arguments, "--database-url", database.url, "--json"]
        result = await asyncio.to_thread(CliRunner().invoke, app, told)
        assert result.exit_code == code, result.output
        return result.stderr if code else json.loads(result.stdout)

    return run


def watching(pool: Pool, at: datetime, agencies: dict[str, Hosted]) -> Watch:
    return Watch(pool, lambda: at, agencies)


async def test_a_pause_lasts_until_it_is_resumed_also_for_a_host_that_starts_later(
    database: Database, nsw: Callable[..., Any]
) -> None:
    agencies = {code: hosted(code) for code in ("BYTE", "BCT")}
    async with database.pool("ministry-adapter") as pool:
        now = datetime.now(UTC) + timedelta(seconds=60)
        watch = watching(pool, now, agencies)
        assert watch.paused("BYTE"), "before the pauses are known nobody is delivered to"
        await watch.look()
        assert not watch.paused("BYTE")
        await nsw("pause", "byte", "--reason", "Chuyển trung tâm dữ liệu")
        await watch.look()
        later = watching(pool, now + timedelta(days=300), agencies)
        await later.look()
        assert [watch.paused("BYTE"), watch.paused("BCT"), later.paused("BYTE")] == [True, False, True]
        (shown,) = (await nsw("status", "BYTE"))["agencies"]
        assert (shown["state"], shown["reason"]) == ("paused", "Chuyển trung tâm dữ liệu")
        resumed: list[str] = []
        running = asyncio.create_task(watch.run(resumed.extend))
        assert await nsw("resume", "BYTE") == {"agency": "BYTE", "ended": 1}

        async def heard() -> bool:
            return resumed == ["BYTE"]

        await until(heard, "the host to hear of it", seconds=10)
        running.cancel()
        assert not watch.paused("BYTE")
        assert await nsw("resume", "BYTE") == {"agency": "BYTE", "ended": 0}


async def test_a_maintenance_window_begins_and_ends_by_itself(database: Database, nsw: Callable[..., Any]) -> None:
    begins, ends = "2999-03-31T22:00+07:00", "2999-04-01T04:00+07:00"
    await nsw("pause", "BYTE", "--from", begins, "--until", ends, "--reason", "nightly")
    async with database.pool("ministry-adapter") as pool:
        found = {}
        for at in ("2999-03-31T21:59+07:00", begins, "2999-04-01T03:59+07:00", ends):
            watch = watching(pool, datetime.fromisoformat(at), {"BYTE": hosted("BYTE")})
            await watch.look()
            found[at] = watch.paused("BYTE")
    assert list(found.values()) == [False, True, True, False]
    told = await nsw("status")
    assert [one["agency"] for one in told["windows"]] == ["BYTE"]
    assert [one["state"] for one in told["agencies"] if one["agency"] == "BYTE"] == ["well"]
    await nsw("resume", "BYTE", "--all")
    assert (await nsw("status"))["windows"] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("pause", "XYZ"), "there is no agency XYZ"),
        (("pause", "BYTE", "--until", "tomorrow"), "--until 'tomorrow' is no time"),
        (("pause", "BYTE", "--until", "2999-01-01T00:00"), "names no zone"),
        (("pause", "BYTE", "--until", "2020-01-01T00:00+07:00"), "later than"),
    ],
)
async def test_a_wrong_pause_is_refused(nsw: Callable[..., Any], arguments: tuple[str, ...], says: str) -> None:
    assert says in await nsw(*arguments, code=2)


async def test_operators_see_that_nothing_gets_through(database: Database, nsw: Callable[..., Any]) -> None:
    agencies = {"BYTE": hosted("BYTE")}
    async with database.pool("ministry-adapter") as pool:
        watch = watching(pool, datetime.now(UTC), agencies)
        await watch.look()
        for _ in range(2):
            agencies["BYTE"].circuit.failed("cannot be reached: ConnectionRefusedError")
        await watch.look()
        (shown,) = (await nsw("status", "BYTE"))["agencies"]
        assert (shown["state"], shown["reason"]) == ("resting", "cannot be reached: ConnectionRefusedError")
        agencies["BYTE"].circuit.failed("answered 401", misconfigured=True)
        await watch.look()
        (shown,) = (await nsw("status", "BYTE"))["agencies"]
        assert (shown["state"], shown["reason"]) == ("misconfigured", "answered 401")
        agencies["BYTE"].circuit.well()
        await watch.look()
        (shown,) = (await nsw("status", "BYTE"))["agencies"]
        assert (shown["state"], shown["reason"]) == ("well", "")
