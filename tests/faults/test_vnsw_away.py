"""A window that cannot store a message says so over HTTP: never a 99, and the message may be sent again."""

import asyncio
import json

import pytest
from support.businesses import Business
from support.live import Live
from support.vnsw_sender import Sender


@pytest.mark.parametrize("soap", [False, True], ids=["xml", "soap"])
async def test_without_postgres_a_message_is_503_and_afterwards_taken_once(live: Live, soap: bool) -> None:
    business = Business(live)
    await business.agencies_answer({})
    await live.register(business.tax_code)
    sender = Sender(business, soap=soap)
    message = sender.message("10/01")
    path, body = sender.request(message)
    await live.headers()
    await asyncio.to_thread(live.stack.stop_postgres, immediate=True)
    try:
        status, text = await sender.post(path, body)
    finally:
        await asyncio.to_thread(live.stack.start_postgres)
    assert (status, json.loads(text)["type"]) == (503, "urn:nsw:problem:unavailable")
    await live.ready("intake")
    number = await sender.number_of(message)
    assert await sender.number_of(message) == number
    async with live.owner() as owner:
        held = await owner.fetch("select number from intake.dossier where declarant = $1", business.tax_code)
    assert [row["number"] for row in held] == [number]
