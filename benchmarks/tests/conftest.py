"""Simulators as real processes, and a toy window between them that keeps or breaks its promises as told."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

import aiohttp
import pytest
from aiohttp import web
from nsw_benchmarks.simulators import SimulatorProcess, running
from nsw_procedures.catalogue import procedures
from standardwebhooks import Webhook

STATUS_OF = {
    "accepted": "accepted",
    "refused": "refused",
    "supplement-requested": "supplement_requested",
    "result-issued": "result_issued",
}


@pytest.fixture(scope="session")
def agency_process() -> Iterator[SimulatorProcess]:
    with running("agency") as process:
        yield process


@pytest.fixture(scope="session")
def business_process() -> Iterator[SimulatorProcess]:
    with running("business") as process:
        yield process


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def agencies(agency_process: SimulatorProcess, client: aiohttp.ClientSession) -> str:
    await client.post(f"{agency_process.url}/reset", raise_for_status=True)
    return agency_process.url


@pytest.fixture
async def businesses(business_process: SimulatorProcess, client: aiohttp.ClientSession) -> str:
    await client.post(f"{business_process.url}/reset", raise_for_status=True)
    return business_process.url


def signed(secret: str, event_id: str, body: str, at: datetime | None = None) -> dict[str, str]:
    """The headers of a webhook, by the standard's own library."""
    at = at or datetime.now(UTC)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, at, body),
    }


@pytest.fixture(name="signed")
def signed_headers() -> Callable[..., dict[str, str]]:
    return signed


@dataclass
class Window:
    """Intake, routing, adapter and notifier in one: files at once, keeps nothing safe."""

    agencies: str
    client: aiohttp.ClientSession
    breaks: str = ""
    refuse_requests: int = 0
    hang_up_requests: int = 0
    put_off_lines: int = 0
    url: str = ""
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    subscriptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    facts: int = 0
    work: set[asyncio.Task[None]] = field(default_factory=set)

    async def subscribe(self, request: web.Request) -> web.Response:
        lines = []
        for line in (await request.read()).splitlines():
            entry = json.loads(line)
            secret = "whsec_" + base64.b64encode(hashlib.sha256(entry["declarant"].encode()).digest()).decode()
            self.subscriptions[entry["declarant"]] = entry | {"secret": secret}
            lines.append({"id": entry["declarant"], "declarant": entry["declarant"], "secret": secret})
        return _ndjson(lines)

    async def file(self, request: web.Request) -> web.Response:
        if self.refuse_requests:
            self.refuse_requests -= 1
            return web.Response(status=503, headers={"retry-after": "0"})
        lines, answers, new = (await request.read()).splitlines(), [], []
        for place, text in enumerate(lines, start=1):
            line = json.loads(text)
            if self.put_off_lines:
                self.put_off_lines -= 1
                answers.append({"line": place, "status": 429, "problem": {"title": "busy"}})
                continue
            known = self.receipts.get(line["idempotency_key"])
            receipt = known or {"number": f"21{len(self.receipts):010d}", "status": "submitted"}
            if known is None:
                self.receipts[line["idempotency_key"]] = receipt
                new.append(line["dossier"] | {"number": receipt["number"]})
            answers.append({"line": place, "status": 202, "receipt": receipt})
        task = asyncio.create_task(self.process(new))
        self.work.add(task)
        task.add_done_callback(self.work.discard)
        if self.hang_up_requests:
            self.hang_up_requests -= 1
            assert request.transport is not None
            request.transport.abort()
        return _ndjson(answers)

    async def process(self, dossiers: list[dict[str, Any]]) -> None:
        for dossier in dossiers:
            number = int(dossier["number"])
            if self.breaks == "lost" and number % 50 == 0:
                continue
            agency = procedures()[dossier["procedure"]].lead_agency
            message = {"message_id": f"m{number}", "traceparent": None, "dossier": dossier}
            headers = {"x-nsw-agency": agency}
            async with self.client.post(
                f"{self.agencies}/agencies/{agency}/deliveries",
                json={"deliveries": [message]},
                headers=headers,
            ) as reply:
                decisions = (await reply.json())["answers"][0]["decisions"]
            events = [
                {
                    "id": f"e{number}-{revision}",
                    "type": "vn.nsw.dossier.status-changed.v1",
                    "data": {
                        "number": dossier["number"],
                        "revision": revision,
                        "status": STATUS_OF[decision["kind"]],
                    },
                }
                for revision, decision in enumerate(decisions, start=1)
            ]
            self.facts += 2 + len(events)
            await self.notify(self.subscriptions[dossier["declarant"]["tax_code"]], events, number)

    async def notify(self, to: dict[str, Any], events: list[dict[str, Any]], number: int) -> None:
        if to["events"] == "results":
            events = [event for event in events if event["data"]["status"] in {"result_issued", "refused"}]
        if self.breaks == "out_of_order":
            events.reverse()
        if self.breaks == "repeated" and number % 50 == 0:
            events += [event | {"id": event["id"] + "-again"} for event in events]
        if not events:
            return
        if to["delivery"] == "batch":
            await self.send(to, f"b{number}", {"type": "vn.nsw.dossier.batch.v1", "data": {"events": events}})
        else:
            for event in events:
                await self.send(to, event["id"], event)

    async def send(self, to: dict[str, Any], event_id: str, content: dict[str, Any]) -> None:
        body = json.dumps(content)
        secret = to["secret"]
        if self.breaks == "unsigned" and crc32(event_id.encode()) % 50 == 0:
            secret = "whsec_" + base64.b64encode(b"another").decode()
        for _ in range(2 if self.breaks == "wire" else 1):
            async with self.client.post(to["url"], data=body, headers=signed(secret, event_id, body)):
                pass

    async def metrics(self, _: web.Request) -> web.Response:
        return web.Response(text=f'# a counter\nnsw_journal_facts_total{{topic="x"}} {self.facts}.0\n')


def _ndjson(lines: list[dict[str, Any]]) -> web.Response:
    return web.Response(text="".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture
async def window(agencies: str, client: aiohttp.ClientSession) -> AsyncIterator[Window]:
    toy = Window(agencies, client)
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v1/subscriptions", toy.subscribe)
    app.router.add_post("/v1/dossiers/bulk", toy.file)
    app.router.add_get("/metrics", toy.metrics)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    toy.url = f"http://{host}:{port}"
    yield toy
    for task in list(toy.work):
        task.cancel()
    await runner.cleanup()
