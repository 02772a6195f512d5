"""The floor's notifier: a status becomes an intent, an intent a signed webhook, a webhook taken a fact."""

import asyncio
import hmac
import secrets
import time
from base64 import b64encode
from collections import deque
from datetime import UTC, datetime
from itertools import count
from typing import NamedTuple

import aiohttp
import orjson
from nsw_contracts.events import NOTIFIED, STATUS_CHANGED
from nsw_contracts.lifecycle import BUSINESS_ACTS, FINAL
from nsw_contracts.topics import NOTIFICATIONS, STATUS

from nsw_benchmarks.floor.plain import (
    ID_HEADER,
    Batch,
    Connection,
    Fact,
    Journal,
    Reader,
    Results,
    between,
    connect,
    ids,
    move_progress,
    run,
    serve,
)

AT_ONCE = 64  # endpoints served side by side
WAIT_SECONDS = 2.0  # events for batches gather so long
BATCH_EVENTS = 500
SINGLE_GROUP = 20  # singles of one endpoint whose results share a commit
RESULTS = {status.encode() for status in FINAL | BUSINESS_ACTS}
SUBSCRIBE = """
insert into subscription (id, declarant, address, delivery, events, secret, created_at)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
"""
INTENT = ("lane", "seq", "id", "dossier", "body", "created_at")
EVENT_JSON = b'{"id":"%b","type":"%b","timestamp":"%b","data":%b}'
BATCH_JSON = b'{"type":"vn.nsw.dossier.batch.v1","timestamp":"%b","data":{"events":[%b]}}'
NOTIFIED_JSON = (
    b'{"number":"%b","declarant":"%b","subscription":"%b","channel":"webhook","event_id":"%b","revision":%b,"attempts":1,'
    b'"answer":200,"notified_at":"%b"}'
)


class Event(NamedTuple):
    """One event to be told; `seq` and `intent` are its intent's."""

    seq: int
    intent: str
    id: bytes
    dossier: str
    revision: bytes
    body: bytes


class Endpoint:
    """One subscription and its queue."""

    def __init__(self, asked: dict[str, str]) -> None:
        self.id = f"sub_{secrets.token_hex(8)}"
        self.declarant = asked["declarant"]
        self.url = asked["url"]
        self.batch = asked["delivery"] == "batch"
        self.events = asked["events"]
        self.key = secrets.token_bytes(24)
        self.queue: deque[Event] = deque()
        self.busy = False

    @property
    def secret(self) -> str:
        """The key in Standard Webhooks' form."""
        return "whsec_" + b64encode(self.key).decode()


class Notifier:
    """All endpoints."""

    def __init__(self, results: Results, connection: Connection, session: aiohttp.ClientSession) -> None:
        self._results = results
        self._connection = connection
        self._session = session
        self._endpoints: dict[bytes, Endpoint] = {}
        self._room = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._ids = ids(4)
        self._seqs = count(1)
        self._batches = count(1)

    async def subscribe(self, body: bytes) -> bytes:
        """The door for subscriptions: a line with the secret for each line."""
        endpoints = [Endpoint(orjson.loads(line)) for line in body.split(b"\n")]
        now = datetime.now(UTC)
        rows = [
            (e.id, e.declarant, e.url, "batch" if e.batch else "single", e.events, e.secret, now) for e in endpoints
        ]
        await self._connection.execute(SUBSCRIBE, *(list(column) for column in zip(*rows, strict=True)))
        self._endpoints |= {endpoint.declarant.encode(): endpoint for endpoint in endpoints}
        return b"".join(
            orjson.dumps({"id": e.id, "declarant": e.declarant, "secret": e.secret}) + b"\n" for e in endpoints
        )

    async def apply(self, connection: Connection, batch: Batch) -> None:
        """An intent for each status that its business wants."""
        now = datetime.now(UTC)
        wanted = []
        for records in batch.values():
            for record in records:
                value = record.value
                endpoint = self._endpoints[between(value, b'"declarant":"')]
                if endpoint.events == "all" or between(value, b'"status":"') in RESULTS:
                    event_id = record.headers[ID_HEADER][1]
                    at = between(value, b'"changed_at":"')
                    body = EVENT_JSON % (event_id, STATUS_CHANGED.encode(), at, value)
                    revision = between(value, b'"revision":', b",")
                    intent = f"{next(self._ids):032x}"
                    wanted.append(
                        (endpoint, Event(next(self._seqs), intent, event_id, record.key.decode(), revision, body))
                    )
        async with connection.transaction():
            await move_progress(connection, batch)
            intents = [(to.id, event.seq, event.intent, event.dossier, event.body, now) for to, event in wanted]
            await connection.copy_records_to_table("intent", records=intents, columns=INTENT)
        for endpoint, event in wanted:
            endpoint.queue.append(event)
            if not endpoint.busy:
                endpoint.busy = True
                task = asyncio.create_task(self._serve(endpoint))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _serve(self, endpoint: Endpoint) -> None:
        """Send what an endpoint's queue holds."""
        most = BATCH_EVENTS if endpoint.batch else SINGLE_GROUP
        if endpoint.batch:
            await asyncio.sleep(WAIT_SECONDS)
        while endpoint.queue:
            events = [endpoint.queue.popleft() for _ in range(min(most, len(endpoint.queue)))]
            async with self._room:
                if endpoint.batch:
                    at = datetime.now(UTC).isoformat().encode()
                    body = BATCH_JSON % (at, b",".join(event.body for event in events))
                    await self._post(endpoint, b"%032x" % next(self._batches), body)
                else:
                    for event in events:
                        await self._post(endpoint, event.id, event.body)
            facts = [_notified(endpoint, event) for event in events]
            self._results.add([(endpoint.id, event.seq) for event in events], facts)
            if endpoint.batch and len(events) < most:
                await asyncio.sleep(WAIT_SECONDS)
        endpoint.busy = False

    async def _post(self, endpoint: Endpoint, webhook_id: bytes, body: bytes) -> None:
        at = b"%d" % time.time()
        digest = hmac.digest(endpoint.key, b"%b.%b.%b" % (webhook_id, at, body), "sha256")
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id.decode(),
            "webhook-timestamp": at.decode(),
            "webhook-signature": "v1," + b64encode(digest).decode(),
        }
        async with self._session.post(endpoint.url, data=body, headers=headers, raise_for_status=True):
            pass


def _notified(endpoint: Endpoint, event: Event) -> Fact:
    at = datetime.now(UTC).isoformat().encode()
    about = event.dossier.encode(), endpoint.declarant.encode(), endpoint.id.encode()
    value = NOTIFIED_JSON % (*about, event.id, event.revision, at)
    return Fact(NOTIFICATIONS.name, event.dossier, NOTIFIED, event.intent, value)


async def main() -> None:
    """Run it."""
    journal = await Journal.of("notifier")
    reader = await Reader.of("notifier", [STATUS])
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        connection = await connect("notifier")
        results = Results(journal, connection)
        notifier = Notifier(results, await connect("notifier"), session)
        await serve(journal, {"/v1/subscriptions": notifier.subscribe}, reader.read(notifier.apply), results.commit())


if __name__ == "__main__":
    run(main)
