"""More than intake can take: it says so, nothing it has acknowledged is lost, and it goes on as soon as it can.

Fault 23. Intake's limits are made small here, so that ten times the load is little.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from uuid import uuid4

import aiohttp
import pytest
from support.businesses import new_tax_code
from support.dossiers import BODIES, dossier, file_one
from support.live import Live
from support.polling import until

CONNECTIONS, WAITING, BURST, LINES_OF_A_CALLER = 120, 100, 100, 10_000
CLIENTS, REQUESTS, LINES = 200, 2, 20
TIGHT = {
    "NSW_HTTP_CONNECTIONS": str(CONNECTIONS),
    "NSW_WAITING_MOST": str(WAITING),
    "NSW_BODIES_BYTES": str(2 * 1024 * 1024),
    "NSW_BUSINESS_RATE": "0.5",
    "NSW_BUSINESS_BURST": str(BURST),
    "NSW_CALLER_RATE": "1000",
    "NSW_CALLER_BURST": str(LINES_OF_A_CALLER),
}
NDJSON = "application/x-ndjson"


@pytest.fixture(scope="module")
async def tight(live: Live) -> AsyncIterator[Live]:
    """The system with an intake that holds little."""
    await live.stop("intake")
    await live.begin("intake", **TIGHT)
    await live.all_ready()
    yield live
    await live.mend()


class Answer(NamedTuple):
    """A line, or a whole request that was refused: its keys, the status, then the receipt's number or the reason."""

    keys: tuple[str, ...]
    status: int
    number: str = ""
    why: str = ""


def line(key: str, content: Any) -> bytes:
    return json.dumps({"idempotency_key": key, "dossier": content}).encode()


async def send(session: aiohttp.ClientSession, live: Live, keys: list[str]) -> list[Answer]:
    """File a dossier under each key, in one request."""
    body = b"\n".join(line(key, json.loads(BODIES[place % len(BODIES)])) for place, key in enumerate(keys))
    headers = {"content-type": NDJSON} | await live.headers()
    async with session.post(f"{live.intake}/v1/dossiers/bulk", data=body, headers=headers) as answer:
        if answer.status != 200:
            assert int(answer.headers["retry-after"]) > 0
            problem = await answer.json(content_type=None)
            assert problem["status"] == answer.status
            return [Answer(tuple(keys), answer.status, why=problem["detail"])]
        results = [json.loads(each) for each in (await answer.text()).splitlines()]
    return [
        Answer((key,), result["status"], result.get("receipt", {}).get("number", ""))
        for key, result in zip(keys, results, strict=True)
    ]


async def test_ten_times_the_load_loses_nothing_acknowledged(tight: Live) -> None:
    run = uuid4().hex[:12]

    async def client(number: int) -> list[Answer]:
        found: list[Answer] = []
        async with aiohttp.ClientSession() as session:
            for request in range(REQUESTS):
                keys = [f"{run}-{number}-{request}-{place}" for place in range(LINES)]
                found += await send(session, tight, keys)
        return found

    answers = [one for each in await asyncio.gather(*(client(number) for number in range(CLIENTS))) for one in each]
    said = Counter(one.status for one in answers)
    assert set(said) <= {202, 429, 503}, said
    assert said[202] > 0, "what can be taken in is"
    assert said[503] > CLIENTS / 10, f"what is too much is refused at once: {said}"
    assert any("waiting to be stored" in one.why for one in answers), "by the door itself, not by its connections alone"
    assert CLIENTS * LINES >= 10 * WAITING

    acknowledged = {one.keys[0]: one.number for one in answers if one.status == 202}
    async with tight.owner() as owner:
        rows = await owner.fetch(
            "select idempotency_key, number, (select count(*) from intake.journal j where j.key = d.number "
            "and j.type = 'vn.nsw.dossier.submitted.v1') as facts from intake.dossier d "
            "where starts_with(idempotency_key, $1)",
            run,
        )
    assert {row["idempotency_key"]: row["number"] for row in rows} == acknowledged, "just those, under their numbers"
    assert {row["facts"] for row in rows} == {1}

    refused = next(one for one in answers if one.status == 503)
    async with aiohttp.ClientSession() as session:

        async def taken() -> bool:
            return {one.status for one in await send(session, tight, list(refused.keys))} <= {202, 429}

        await until(taken, "the refused request to be judged once the load has gone")
    await tight.drained()


async def test_a_business_that_files_too_fast_waits_and_others_do_not(tight: Live) -> None:
    hasty = dossier()
    hasty["declarant"]["tax_code"] = new_tax_code()
    tight.acts_for(hasty["declarant"]["tax_code"])
    keys = [uuid4().hex for _ in range(BURST + 5)]
    body = b"\n".join(line(key, hasty) for key in keys)
    status, said = await tight.ask(
        "POST", f"{tight.intake}/v1/dossiers/bulk", data=body, headers={"content-type": NDJSON}
    )
    assert status == 200
    results = [json.loads(each) for each in said.splitlines()]
    statuses = [result["status"] for result in results]
    assert statuses[:BURST] == [202] * BURST
    assert statuses[-1] == 429
    problem = results[-1]["problem"]
    assert problem["type"] == "urn:nsw:problem:too-fast-for-one-business"
    assert f"0.5 dossiers and commands a second for one business, and {BURST}" in problem["detail"]
    async with tight.http.post(
        f"{tight.intake}/v1/dossiers", json=hasty, headers={"idempotency-key": uuid4().hex} | await tight.headers()
    ) as answer:
        assert answer.status == 429
        assert 0 < int(answer.headers["retry-after"]) <= 2
    other = dossier()
    other["declarant"]["tax_code"] = new_tax_code()
    tight.acts_for(other["declarant"]["tax_code"])
    assert (await file_one(tight, body=other))[0] == 202


async def test_somebody_else_cannot_use_up_a_businesss_share(tight: Live) -> None:
    victim = dossier()
    victim["declarant"]["tax_code"] = new_tax_code()
    stranger = {"content-type": NDJSON} | await tight.headers("stranger")
    await tight.register(new_tax_code(), subject="stranger")
    body = b"\n".join(line(uuid4().hex, victim) for _ in range(2 * BURST))
    async with tight.http.post(f"{tight.intake}/v1/dossiers/bulk", data=body, headers=stranger) as answer:
        assert {json.loads(each)["status"] for each in (await answer.text()).splitlines()} == {403}
    tight.acts_for(victim["declarant"]["tax_code"])
    assert (await file_one(tight, body=victim))[0] == 202


async def test_a_caller_that_sends_too_fast_waits_and_others_do_not(tight: Live) -> None:
    await tight.register(new_tax_code(), subject="hasty")
    headers = {"content-type": NDJSON} | await tight.headers("hasty")
    body = b"\n".join([b"1"] * 500)

    async def refused() -> Any:
        async with tight.http.post(f"{tight.intake}/v1/dossiers/bulk", data=body, headers=headers) as answer:
            return (answer, await answer.json(content_type=None)) if answer.status == 429 else None

    answer, problem = await until(refused, "the caller to be told to wait")
    assert problem["type"] == "urn:nsw:problem:too-fast-for-one-caller"
    assert "10,000 at once" in problem["detail"]
    assert int(answer.headers["retry-after"]) > 0
    assert (await file_one(tight, body=dossier(1)))[0] in {202, 429}
    status, problem = await file_one(tight, body=b"{}")
    assert status == 422, "the broker is another caller, and is heard"


async def test_bodies_that_are_held_leave_no_room_until_they_are_gone(tight: Live) -> None:
    host, port = tight.intake.removeprefix("http://").split(":")
    token = await tight.token()
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST /v1/dossiers/bulk HTTP/1.1\r\nhost: x\r\ncontent-type: {NDJSON}\r\nauthorization: Bearer {token}\r\n"
        "content-length: 8000000\r\n\r\n".encode()
        + b" " * 2_000_000
    )

    async def held() -> bool:
        _, said = await tight.ask("GET", f"{tight.intake}/metrics")
        (value,) = (line.split()[1] for line in said.splitlines() if line.startswith("nsw_door_body_bytes "))
        return float(value) >= 2_000_000

    await until(held, "the body's beginning to be held")
    body = json.dumps(dossier(2)).encode().ljust(200_000)
    status, problem = await file_one(tight, body=body)
    assert (status, problem["detail"].startswith("Too much is being taken in")) == (503, True)
    assert (await file_one(tight, body=b"{}"))[0] == 422, "what is small still fits"
    writer.transport.abort()

    async def free() -> bool:
        return (await file_one(tight, body=body))[0] in {202, 429}

    await until(free, "the room to be given back")
