"""A toy window: intake, routing, adapter and notifier in one, which keeps or breaks its promises as told.

It knows the lifecycle by a table of its own and does one thing after the other; it keeps nothing safe.
"""

import asyncio
import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

import aiohttp
from aiohttp import web
from nsw_procedures.pack import Pack
from nsw_procedures.packs import packs
from standardwebhooks import Webhook

AFTER = {
    "accepted": "accepted",
    "refused": "refused",
    "supplement-requested": "supplement_requested",
    "withdrawal-agreed": "withdrawn",
    "withdrawal-refused": "accepted",
    "amendment-agreed": "accepted",
    "amendment-refused": "accepted",
    "inspection-started": "inspecting",
    "fee-requested": "fee_due",
    "fee-confirmed": "fee_paid",
    "result-issued": "result_issued",
    "result-amended": "result_amended",
    "result-revoked": "result_revoked",
}
COMMANDS = {
    ("submitted", "amendment"): ("edited", "submitted"),
    ("submitted", "withdrawal"): ("withdrawn", "withdrawn"),
    ("accepted", "amendment"): ("amendment-requested", "amendment_requested"),
    ("accepted", "withdrawal"): ("withdrawal-requested", "withdrawal_requested"),
    ("supplement_requested", "supplement"): ("supplemented", ""),
    ("fee_due", "payment"): ("fee-paid", "fee_paid"),
}
ENDS = {"refused", "withdrawn", "result_issued", "result_amended", "result_revoked"}
HEARD = {*ENDS, "supplement_requested", "fee_due"}


@dataclass
class Case:
    """One dossier."""

    number: str
    dossier: dict[str, Any]
    pack: Pack
    status: str = "submitted"
    accepted: bool = False
    revision: int = 0

    def event(self, kind: str, what: str, agency: str = "") -> dict[str, Any]:
        self.revision += 1
        data = {
            "number": self.number,
            "revision": self.revision,
            "status": self.status,
            "agency": agency or self.pack.lead_agency,
        }
        return {
            "id": f"e{self.number}-{self.revision}",
            "type": f"vn.nsw.dossier.{kind}.v1",
            "data": data | ({"what": what} if what else {}),
        }


@dataclass
class Window:
    """See the module."""

    agencies: str
    client: aiohttp.ClientSession
    breaks: str = ""
    refuse_requests: int = 0
    hang_up_requests: int = 0
    put_off_lines: int = 0
    url: str = ""
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    commands: list[dict[str, Any]] = field(default_factory=list)
    subscriptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    facts: int = 0
    todo: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)

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
        answers = []
        for place, text in enumerate((await request.read()).splitlines(), start=1):
            if self.put_off_lines:
                self.put_off_lines -= 1
                answers.append({"line": place, "status": 429, "problem": {"title": "busy"}})
            else:
                answers.append({"line": place, "status": 202, "receipt": self.receipt(json.loads(text))})
        if self.hang_up_requests:
            self.hang_up_requests -= 1
            assert request.transport is not None
            request.transport.abort()
        return _ndjson(answers)

    def receipt(self, line: dict[str, Any]) -> dict[str, Any]:
        known = self.receipts.get(line["idempotency_key"])
        if known is not None:
            return known
        if "command" in line:
            receipt = {"number": line["number"], "status": self.cases[line["number"]].status}
            self.commands.append(line)
        else:
            number = f"21{len(self.cases):010d}"
            pack = packs().in_force(line["dossier"]["procedure"], datetime.now(UTC).date())
            assert pack is not None
            self.cases[number] = Case(number, line["dossier"], pack)
            receipt = {"number": number, "status": "submitted"}
        self.receipts[line["idempotency_key"]] = receipt
        self.todo.put_nowait(line | {"number": receipt["number"]})
        return receipt

    async def work(self) -> None:
        while True:
            line = await self.todo.get()
            case = self.cases[line["number"]]
            if self.breaks == "lost" and int(case.number) % 50 == 0:
                continue
            if "command" in line:
                await self.ask(case, line["command"], line["body"])
            else:
                await self.open(case)

    async def open(self, case: Case) -> None:
        if case.pack.inspection is not None and case.pack.goods.lines != "none":
            await self.notify(case, [case.event("inspection-decided", "")])
        # Either order may come about; half of the dossiers have each.
        agencies = case.pack.agencies if int(case.number) % 2 else reversed(case.pack.agencies)
        for agency in agencies:
            await self.tell(case, agency, "submitted", case.dossier)

    async def ask(self, case: Case, command: str, body: dict[str, Any]) -> None:
        found = COMMANDS.get((case.status, command))
        if found is None:
            await self.notify(case, [case.event("command-refused", "")])
            return
        what, status = found
        case.status = status or ("accepted" if case.accepted else "submitted")
        await self.notify(case, [case.event("status-changed", what)])
        await self.tell(case, case.pack.lead_agency, what, body.get("dossier"))

    async def tell(self, case: Case, agency: str, what: str, content: dict[str, Any] | None) -> None:
        lead = case.pack.lead_agency
        work = {"number": case.number, "what": what, "role": "lead" if agency == lead else "coordinating"}
        dossier = work | ({"content": content} if content else {})
        message = {"message_id": f"m{case.number}-{agency}-{what}", "traceparent": None, "dossier": dossier}
        async with self.client.post(
            f"{self.agencies}/agencies/{agency}/deliveries",
            json={"deliveries": [message]},
            headers={"x-nsw-agency": agency},
        ) as reply:
            decisions = (await reply.json())["answers"][0]["decisions"]
        events = []
        for decision in decisions:
            if agency == lead:
                case.status = AFTER[decision["kind"]]
                case.accepted |= decision["kind"] == "accepted"
            elif case.status in ENDS:
                continue
            events.append(case.event("status-changed", decision["kind"], agency))
        self.facts += 2 + len(events)
        await self.notify(case, events)

    async def notify(self, case: Case, events: list[dict[str, Any]]) -> None:
        to = self.subscriptions[case.dossier["declarant"]["tax_code"]]
        if to["events"] == "results":
            events = [
                event
                for event in events
                if event["type"] == "vn.nsw.dossier.command-refused.v1"
                or (event["type"] == "vn.nsw.dossier.status-changed.v1" and event["data"]["status"] in HEARD)
            ]
        if self.breaks == "out_of_order":
            events.reverse()
        if self.breaks == "repeated" and int(case.number) % 50 == 0:
            events += [event | {"id": event["id"] + "-again"} for event in events]
        if not events:
            return
        if to["delivery"] == "batch":
            batch_id = f"b{case.number}-{events[0]['id']}"
            await self.send(to, batch_id, {"type": "vn.nsw.dossier.batch.v1", "data": {"events": events}})
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


def signed(secret: str, event_id: str, body: str, at: datetime | None = None) -> dict[str, str]:
    """The headers of a webhook, by the standard's own library."""
    at = at or datetime.now(UTC)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, at, body),
    }


def _ndjson(lines: list[dict[str, Any]]) -> web.Response:
    return web.Response(text="".join(json.dumps(line) + "\n" for line in lines))
