"""A ministry on *vnsw-soap*, its gateway a process of its own: dossiers out, decisions in, through the whole window."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from nsw_ministry_adapter import rigs
from support.businesses import Business, pack_today
from support.live import Live
from support.ministries import Ministry, hosted
from support.polling import until

AQUATIC = "BNNPTNT0600009"
SPOKEN = "inspection-decided"


@pytest.fixture
async def ministry(live: Live, tmp_path: Path) -> AsyncIterator[Ministry]:
    async with hosted(live, tmp_path, rigs.vnsw_soap()) as found:
        yield found


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
