"""A ministry on *rest-json*, its system a process of its own: answers late, twice, out of order, and made to hurt."""

import asyncio
import json
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest
from nsw_ministry_adapter import rigs
from support.businesses import Business, pack_today
from support.live import Live
from support.ministries import Ministry, hosted
from support.polling import until

PROCEDURE = "BYTE0600001"
OTHERS = "BCT9800001"


@pytest.fixture(scope="module")
async def ministry(system: Live, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ministry]:
    await system.mend()
    folder: Path = tmp_path_factory.mktemp("ministry")
    async with hosted(system, folder, rigs.rest_json("BYTE")) as found:
        url = found.door

        async def known() -> bool:  # the adapter hears of registrations from intake
            status, _ = await found.says("260000000017", "accepted")
            return status != 403

        await until(known, f"{url} to know the ministry")
        yield found


async def filed(ministry: Ministry) -> tuple[Business, str]:
    business = Business(ministry.live)
    number = await business.file(business.dossier(pack_today(PROCEDURE)))
    return business, number


async def test_a_lost_reply_leaves_one_effect(ministry: Ministry) -> None:
    """Fault 17: the agency applied it, the reply was lost. Asked by id, it is not sent again."""
    await asyncio.to_thread(ministry.rig.order, "lose-reply", 3)
    dossiers = [await filed(ministry) for _ in range(4)]
    for _, number in dossiers:
        await ministry.effect(number, "submitted")
    live = ministry.live
    async with live.owner() as owner:

        async def settled() -> bool:
            return await owner.fetchval("select count(*) from ministry_adapter.intent where lane = 'BYTE'") == 0

        await until(settled, "the deliveries to be settled")
        numbers = [number for _, number in dossiers]
        delivered = await owner.fetch(
            "select key from ministry_adapter.journal where key = any($1) and type like '%.delivered.v1'", numbers
        )
        assert sorted(row["key"] for row in delivered) == sorted(numbers)
    for number in numbers:
        effect = await ministry.effect(number, "submitted")
        assert (effect.requests, effect.applied) == (1, 1), "a question does not repeat it"


async def test_answers_late_and_twice_are_heard_once(ministry: Ministry) -> None:
    business, number = await filed(ministry)
    await ministry.effect(number, "submitted")
    accepted = ministry.saying(number, "accepted")

    async def taken() -> bool:
        return (await ministry.posts(accepted))[0] == 200

    await until(taken, "the answer to be taken")
    result = ministry.saying(number, "result-issued")
    first, second = await asyncio.gather(ministry.posts(result), ministry.posts(result))
    again = await ministry.posts(accepted)
    verdicts = sorted(json.loads(body)["verdict"] for _, body in (first, second))
    assert (verdicts, json.loads(again[1])["verdict"]) == (["repeated", "taken"], "repeated")
    assert {status for status, _ in (first, second, again)} == {200}
    shown = await business.hears(number, "accepted", "result-issued")
    assert shown["status"] == "result_issued"


async def test_another_agencys_dossier_is_refused_like_one_that_does_not_exist(ministry: Ministry) -> None:
    business = Business(ministry.live)
    await business.agencies_answer({})
    number = await business.file(business.dossier(pack_today(OTHERS)))
    others, nobodys = await ministry.says(number, "accepted"), await ministry.says("260000000025", "accepted")
    assert others == nobodys
    assert others[0] == 404
    assert [one["type"] for one in (await business.shown(number))["timeline"]] == ["submitted"]


async def test_messages_made_to_hurt_are_refused_and_hurt_nobody(ministry: Ministry) -> None:
    business, number = await filed(ministry)
    await ministry.effect(number, "submitted")
    statuses = {
        spoiled: (await ministry.says_spoiled(number, spoiled))[0]
        for spoiled in ("garbage", "deep", "unsigned", "tampered", "wrong-agency")
    }
    assert statuses == {"garbage": 400, "deep": 400, "unsigned": 401, "tampered": 401, "wrong-agency": 401}
    live, headers = ministry.live, await ministry.live.headers(ministry.system)
    huge = {"caller": None, "headers": headers, "data": BytesIO(b" " * (2 << 20)), "expect100": True}
    status, told = await live.ask("POST", ministry.door, **huge)
    assert (status, told["type"]) == (413, "urn:nsw:problem:too-large")
    for path in ("BCT", "XYZ"):
        status, _ = await live.ask("POST", ministry.door.replace("BYTE", path), caller=ministry.system, data=b"{}")
        assert status == 404, "an agency's system has one door"
    status, _ = await live.ask("POST", ministry.door, caller=None, data=b"{}")
    assert status == 401
    status, _ = await live.ask("POST", ministry.door, caller="broker", data=b"{}")
    assert status == 403

    async def taken() -> bool:
        return (await ministry.says(number, "accepted"))[0] == 200

    await until(taken, "a good message afterwards to be taken")
    await business.hears(number, "accepted")


async def test_replies_made_to_hurt_cost_their_own_dossier_time_and_nobody_else(ministry: Ministry) -> None:
    for trouble in ("garbage", "wrong-id", "deep"):
        await asyncio.to_thread(ministry.rig.order, trouble)
        _, number = await filed(ministry)
        await ministry.effect(number, "submitted")
    async with ministry.live.owner() as owner:

        async def settled() -> bool:
            return await owner.fetchval("select count(*) from ministry_adapter.intent where lane = 'BYTE'") == 0

        await until(settled, "the deliveries to be settled after all")


async def test_a_connection_that_breaks_off_is_no_fault(ministry: Ministry) -> None:
    headers = await ministry.live.headers(ministry.system)

    async def half() -> AsyncIterator[bytes]:
        yield b'{"id":'
        raise ConnectionResetError

    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await ministry.live.ask("POST", ministry.door, caller=None, headers=headers, data=half())
    assert (await ministry.live.readiness("ministry-adapter"))[0] == 200
