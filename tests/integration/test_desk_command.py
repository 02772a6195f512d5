"""`nsw desk` as officers type it, against a running window: list, show, take, decide with a file, judge."""

import asyncio
import json
from pathlib import Path
from typing import Any

from nsw_cli.main import app
from support.businesses import Business, pack_today
from support.desks import Officer, at_desks
from support.documents import pdf
from support.filers import get, path_of
from support.live import Live
from typer.testing import CliRunner

AGENCY, CONTROLLED = "BCA", "BCA9800001"


class Terminal:
    """One officer's."""

    def __init__(self, officer: Officer, token: str) -> None:
        services = officer.live.system.services
        self._env = {
            "NSW_AGENCY": officer.agency, "NSW_TOKEN": token, "NSW_DESK_URL": services["ministry-adapter"],
            "NSW_INTAKE_URL": services["intake"],
        }  # fmt: skip

    async def __call__(self, *typed: str, code: int = 0) -> str:
        """What `nsw desk …` prints; on standard error where it refuses."""
        runner = CliRunner(env=self._env)
        result = await asyncio.to_thread(runner.invoke, app, ["desk", *typed])
        assert result.exit_code == code, f"{typed}: {result.output}"
        return result.stderr if code else result.stdout

    async def json(self, *typed: str) -> Any:
        return json.loads(await self(*typed, "--json"))


async def terminal(live: Live, name: str) -> tuple[Officer, Terminal]:
    officer = await Officer(live, AGENCY, name).known()
    return officer, Terminal(officer, await live.token(officer.subject))


async def test_officers_at_their_terminals(live: Live, tmp_path: Path) -> None:
    async with at_desks(live, AGENCY):
        (officer, lan), (_, minh) = await terminal(live, "lan"), await terminal(live, "minh")
        business = Business(live)
        number = await business.file(business.dossier(pack_today(CONTROLLED)))
        await officer.finds(number)
        assert number in [one["number"] for one in await lan.json("list", "--limit", "200")]
        assert number in await lan("list", "--limit", "200")
        assert "May be said now: accepted, refused, supplement-requested." in await lan("show", number)
        assert "Take the dossier" in await lan("decide", number, "accepted", code=2)
        assert officer.subject in await lan("take", number)
        assert "is not possible. Possible now: accepted" in await lan("decide", number, "fee-confirmed", code=2)
        assert "/reason: " in await lan("decide", number, "refused", code=2)
        first = await lan.json("decide", number, "accepted", "--field", "reference=TN-1", "--key", "k1")
        again = await lan.json("decide", number, "accepted", "--field", "reference=TN-1", "--key", "k1")
        assert again["state"] in {"stated", "settled"}  # the window may have heard of it meanwhile
        assert again | {"state": first["state"]} == first

        certificate, content = tmp_path / "GP-1.pdf", pdf(2000, seed=43)
        certificate.write_bytes(content)
        said = await lan(
            "decide", number, "result-issued", "--outcome", "licensed", "--field", "certificate_number=GP-1",
            "--attach", str(certificate),
        )  # fmt: skip
        assert f"Another officer agrees or declines, with `nsw desk judge {number}" in said
        assert "a colleague must judge it" in await lan("judge", number, "--agree", code=2)
        assert "/reason: " in await minh("judge", number, "--decline", code=2)
        assert "Agreed" in await minh("judge", number, "--agree")
        assert "nothing is proposed" in await minh("judge", number, "--agree", code=2)
        shown = await business.hears(number, "accepted", "result-issued")
        assert shown["timeline"][-1]["document"]["name"] == "GP-1.pdf"
        assert (await get(live, path_of(number, content), await live.headers()))[2] == content

        missing = str(tmp_path / "none.pdf")
        assert "cannot be read" in await lan("decide", number, "result-amended", "--attach", missing, code=2)
        assert "write NAME=VALUE" in await lan("decide", number, "result-amended", "--field", "x", code=2)
        assert "is no dossier number" in await lan("show", "x", code=2)
        assert "`nsw desk list --agency BCA`" in await lan("take", "260000000017", code=2)
        assert "Nothing lies on the desk" in await lan("list", "--procedure", "BCA9800002")
        assert "have an operator register you" in await lan("list", "--token", await live.token("nobody"), code=2)
