"""The floor's ministry adapter: work becomes intents, intents become deliveries, answers become facts."""

import asyncio
import os
from collections import deque
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import orjson
from nsw_contracts.events import ACCEPTED, DELIVERED, REFUSED, RESULT_ISSUED, SUPPLEMENT_REQUESTED
from nsw_contracts.topics import AGENCY_RESULTS, AGENCY_TOPICS

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

AT_ONCE = 16  # requests in flight to an agency that takes no batches
INTENT = ("lane", "seq", "id", "dossier", "body", "created_at")
DELIVERY = b'{"message_id":"%b","traceparent":null,"dossier":%b}'
DELIVERED_JSON = b'{"number":"%b","agency":"%b","message_id":"%b","pack_version":"%b","delivered_at":"%b"}'
DECIDED_JSON = b'{"number":"%b","agency":"%b","message_id":"%b","pack_version":"%b",%b'
KINDS = {
    b"accepted": ACCEPTED,
    b"refused": REFUSED,
    b"supplement-requested": SUPPLEMENT_REQUESTED,
    b"result-issued": RESULT_ISSUED,
}


class Work(NamedTuple):
    """One delivery to be made, and its intent's place."""

    lane: str
    seq: int
    id: str
    dossier: str
    body: bytes


class Agency:
    """One agency's queue and door."""

    def __init__(self, code: str, url: str, batch: int) -> None:
        self.code = code
        self.batch = batch
        self.queue: deque[Work] = deque()
        self.woken = asyncio.Event()
        self._url = f"{url}/deliveries" if batch > 1 else f"{url}/delivery"
        self._headers = {"content-type": "application/json", "x-nsw-agency": code}

    async def deliver(self, session: aiohttp.ClientSession, works: list[Work]) -> bytes:
        """Make these deliveries in one request; its answer."""
        deliveries = b",".join(DELIVERY % (work.id.encode(), work.body) for work in works)
        body = b'{"deliveries":[%b]}' % deliveries if self.batch > 1 else deliveries
        async with session.post(self._url, data=body, headers=self._headers, raise_for_status=True) as answer:
            return await answer.read()


class Adapter:
    """All agencies of the file."""

    def __init__(self, agencies: list[Agency], results: Results, session: aiohttp.ClientSession) -> None:
        self._agencies = {agency.code: agency for agency in agencies}
        self._lane_of = {topic.name: code for code, topic in AGENCY_TOPICS.items()}
        self._results = results
        self._session = session
        self._ids = ids(3)
        self._seqs = count(1)

    async def apply(self, connection: Connection, batch: Batch) -> None:
        """An intent for each piece of work."""
        now = datetime.now(UTC)
        works = [
            Work(
                self._lane_of[place.topic],
                next(self._seqs),
                record.headers[ID_HEADER][1].decode(),
                record.key.decode(),
                record.value,
            )
            for place, records in batch.items()
            for record in records
        ]
        async with connection.transaction():
            await move_progress(connection, batch)
            intents = [(*work, now) for work in works]
            await connection.copy_records_to_table("intent", records=intents, columns=INTENT)
        for work in works:
            agency = self._agencies[work.lane]
            agency.queue.append(work)
            agency.woken.set()

    async def serve(self, agency: Agency) -> None:
        """Deliver to one agency, for ever."""
        while True:
            await agency.woken.wait()
            agency.woken.clear()
            while agency.queue:
                requests = 1 if agency.batch > 1 else AT_ONCE
                groups = [group for _ in range(requests) if (group := _take(agency.queue, agency.batch))]
                answers = await asyncio.gather(*(agency.deliver(self._session, group) for group in groups))
                works = [work for group in groups for work in group]
                facts = [
                    fact
                    for group, answer in zip(groups, answers, strict=True)
                    for work, one in zip(group, answer.split(b'{"message_id":"')[1:], strict=True)
                    for fact in self._facts(agency.code.encode(), work, one)
                ]
                self._results.add([(work.lane, work.seq) for work in works], facts)

    def _facts(self, agency: bytes, work: Work, answer: bytes) -> list[Fact]:
        """The receipt and the decisions of `...","received_at":"...","decisions":[{"kind":"accepted",...},...]}...`."""
        receipt, *decisions = answer.split(b'{"kind":"')
        about = work.dossier.encode(), agency, work.id.encode(), between(work.body, b'"pack_version":"')
        delivered = DELIVERED_JSON % (*about, receipt.split(b'"', 5)[4])
        said = [(DELIVERED, delivered)]
        for decision in decisions:
            kind, _, rest = decision.partition(b'",')
            said.append((KINDS[kind], DECIDED_JSON % (*about, rest[: rest.index(b"}") + 1])))
        return [
            Fact(AGENCY_RESULTS.name, work.dossier, fact_type, f"{next(self._ids):032x}", value)
            for fact_type, value in said
        ]


def _take(queue: deque[Work], most: int) -> list[Work]:
    return [queue.popleft() for _ in range(min(most, len(queue)))]


def _agencies() -> list[Agency]:
    configured: list[dict[str, Any]] = orjson.loads(Path(os.environ["NSW_AGENCIES_FILE"]).read_bytes())
    return [Agency(one["code"], one["settings"]["url"], one["settings"]["batch"]) for one in configured]


async def main() -> None:
    """Run it."""
    journal = await Journal.of("ministry-adapter")
    agencies = _agencies()
    reader = await Reader.of("ministry-adapter", [AGENCY_TOPICS[agency.code] for agency in agencies])
    results = Results(journal, await connect("ministry-adapter"))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        adapter = Adapter(agencies, results, session)
        lanes = [adapter.serve(agency) for agency in agencies]
        await serve(journal, {}, reader.read(adapter.apply), results.commit(), *lanes)


if __name__ == "__main__":
    run(main)
