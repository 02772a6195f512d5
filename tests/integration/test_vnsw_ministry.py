"""A ministry on *vnsw-soap*, its gateway a process of its own: dossiers out, decisions in, through the whole window."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from nsw_contracts.adapter.conformance import ProcessRig
from nsw_contracts.adapter.conformance.orders import SAMPLES, Effect, Saying
from nsw_ministry_adapter import rigs
from nsw_runtime.clock import system_clock
from support.businesses import Business, pack_today
from support.live import Live
from support.polling import until

AGENCY = "BNNPTNT"
AQUATIC = "BNNPTNT0600009"
SYSTEM = "gateway-of-bnnptnt"
SPOKEN = "inspection-decided"


class Ministry:
    """The gateway, and what its officers say."""

    def __init__(self, live: Live, rig: ProcessRig) -> None:
        self.live = live
        self.rig = rig
        self._said = 0

    async def effect(self, number: str, what: str) -> Effect:
        """Wait until a message has taken effect; it did so once."""

        async def arrived() -> Effect | None:
            effects = await asyncio.to_thread(self.rig.effects)
            return next((one for one in effects if (one.number, one.what) == (number, what)), None)

        found: Effect = await until(arrived, f"{what} of {number} to arrive")
        assert found.applied == 1
        return found

    async def says(self, number: str, kind: str, **more: Any) -> tuple[int, str]:
        """Have it say something; the window's answer."""
        self._said += 1
        saying = {"id": f"{number}-{self._said}", "number": number, "kind": kind, "fields": dict(SAMPLES[kind])} | more
        saying["decided_at"] = system_clock()
        url = f"{self.live.system.services['ministry-adapter']}/v1/agencies/{AGENCY}/messages"
        order = {
            "saying": Saying.model_validate(saying).model_dump(mode="json"),
            "url": url,
            "headers": await self.live.headers(SYSTEM),
        }
        told = await asyncio.to_thread(self.rig.ask, "post", order)
        return told["status"], told["body"]


@pytest.fixture
async def ministry(live: Live, tmp_path: Path) -> AsyncIterator[Ministry]:
    """The window's adapter service, with this one agency on vnsw-soap and the others as they are."""
    rig = rigs.vnsw_soap()
    way = await asyncio.to_thread(rig.start)
    try:
        agencies = json.loads((live.system.folder / "agencies.json").read_text())
        spoken = {"code": AGENCY, "adapter": "vnsw-soap", "settings": way.settings, "http": {"plain_loopback": True}}
        spoken["retry_seconds"] = [0.2]
        agencies = [one for one in agencies if one["code"] != AGENCY] + [spoken]
        (tmp_path / "agencies.json").write_text(json.dumps(agencies))
        (tmp_path / AGENCY).mkdir()
        for name, value in way.secrets.items():
            (tmp_path / AGENCY / name).write_bytes(value)
        await live.register(AGENCY, subject=SYSTEM, role="agency-system")
        await live.stop("ministry-adapter")
        await live.begin(
            "ministry-adapter",
            NSW_AGENCIES_FILE=str(tmp_path / "agencies.json"),
            NSW_SECRETS_FOLDER=str(tmp_path),
        )
        await live.ready("ministry-adapter")
        yield Ministry(live, rig)
    finally:
        await asyncio.to_thread(rig.stop)
        await live.mend()


async def test_a_dossier_lives_its_life_over_soap(live: Live, ministry: Ministry) -> None:
    business = Business(live)
    await asyncio.to_thread(ministry.rig.order, "lose-reply")
    dossier = business.dossier(pack_today(AQUATIC))
    number = await business.file(dossier)
    effect = await ministry.effect(number, "submitted")
    assert dossier["declarant"]["name"] in effect.texts
    await business.hears(number, SPOKEN)

    async def heard(kind: str, **more: Any) -> None:
        async def taken() -> bool:  # until the adapter has heard of the registration, and routing of the delivery
            status, _ = await ministry.says(number, kind, **more)
            return status == 200

        await until(taken, f"{kind} to be taken")

    await heard("accepted")
    await business.hears(number, SPOKEN, "accepted")
    assert (await business.ask(number, "amendment", {"dossier": dossier, "reason": "Đổi tàu"}))[0] == 202
    asked = await ministry.effect(number, "amendment-requested")
    assert {"TN-1", "Đổi tàu"} <= set(asked.texts), "what the ministry called it, and why"
    await heard("amendment-agreed")
    await heard("result-issued")
    shown = await business.hears(number, SPOKEN, "accepted", "amendment-requested", "amendment-agreed", "result-issued")
    assert shown["status"] == "result_issued"
    assert shown["timeline"][-1]["outcome"] == "passed"
    assert (await ministry.effect(number, "submitted")).requests >= 2, "the lost reply made it come again"


async def test_a_ministry_speaks_of_its_own_dossiers_only(live: Live, ministry: Ministry) -> None:
    business = Business(live)
    await business.agencies_answer({})
    number = await business.file(business.dossier(pack_today("BYTE0600001")))

    async def answered() -> str | None:
        status, body = await ministry.says(number, "accepted")
        return body if status == 200 else None

    told: str = await until(answered, "the gateway to be answered")
    assert "receiveResponse" in told
    assert [one["type"] for one in (await business.shown(number))["timeline"]] == ["submitted"]
