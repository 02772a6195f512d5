"""The floor's routing: a case for each dossier, work to its agency, the public status of what the agency did."""

from datetime import UTC, datetime, timedelta
from typing import Any

from nsw_contracts.events import (
    ACCEPTED,
    DELIVERED,
    REFUSED,
    RESULT_ISSUED,
    ROUTED,
    STATUS_CHANGED,
    SUPPLEMENT_REQUESTED,
    says,
)
from nsw_contracts.topics import AGENCY_RESULTS, AGENCY_TOPICS, STATUS, SUBMISSIONS
from nsw_procedures.calendar import local_day
from nsw_procedures.packs import packs

from nsw_benchmarks.floor.plain import (
    TYPE_HEADER,
    Batch,
    Connection,
    Fact,
    Journal,
    Reader,
    between,
    ids,
    move_progress,
    run,
    serve,
)

CASE = (
    "number", "procedure", "pack_version", "declarant", "agencies", "status", "revision", "changed_at", "next_at",
)  # fmt: skip
MOVE_CASES = """
update dossier_case c
set status = m.status, revision = c.revision + m.changes, changed_at = m.at, agencies = m.agencies,
    next_at = case when m.status in ('submitted', 'accepted') then c.next_at end
from unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[], $5::jsonb[])
    as m(number, status, changes, at, agencies)
where c.number = m.number
returning c.number, c.procedure, c.pack_version, c.declarant, c.revision - m.changes
"""
STATUSES = {
    ACCEPTED: "accepted",
    REFUSED: "refused",
    SUPPLEMENT_REQUESTED: "supplement_requested",
    RESULT_ISSUED: "result_issued",
}
DECIDES_IN = timedelta(days=3)
ROUTED_JSON = (
    b'{"number":"%b","agency":"%b","role":"lead","pack_version":"%b","routed_at":"%b","what":"submitted",'
    b'"inspection":[],"content":%b'
)
STATUS_JSON = (
    b'{"number":"%b","revision":%d,"status":"%b","procedure":"%b","pack_version":"%b","declarant":"%b","agency":"%b",'
    b'"changed_at":"%b","what":"%b","reason":"%b","items":[%b],"outcome":"%b","certificate_number":"%b","amount":"",'
    b'"currency":"","due_at":%b,"answer_by":%b,"explanation":null,"agencies":[]}'
)
OPEN_JSON = (
    '[{"agency":"%s","role":"lead","status":"submitted","clock":{"due_at":"%s","warn_at":"%s","left":null,'
    '"overdue":false}}]'
)
MOVED_JSON = '[{"agency":"%s","role":"lead","status":"%s","accepted":true,"outcome":"%s","delivered_at":"%s"}]'


class Routing:
    """One batch holds what businesses and what agencies did."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._ids = ids(2)
        self._packs = packs().on(local_day(datetime.now(UTC)))  # a run is short: the rules of the day it began

    async def apply(self, connection: Connection, batch: Batch) -> None:
        """Open cases, move cases, state what follows."""
        cases: list[tuple[Any, ...]] = []
        facts: list[Fact] = []
        heard: dict[str, list[tuple[str, bytes]]] = {}
        for place, records in batch.items():
            for record in records:
                if place.topic == SUBMISSIONS.name:
                    self._open(record.key, record.value, cases, facts)
                else:
                    fact_type = record.headers[TYPE_HEADER][1].decode()
                    heard.setdefault(record.key.decode(), []).append((fact_type, record.value))
        async with connection.transaction():
            await move_progress(connection, batch)
            if cases:
                await connection.copy_records_to_table("dossier_case", records=cases, columns=CASE)
            if heard:
                moves = zip(*(_move(number, said) for number, said in heard.items()), strict=True)
                for moved in await connection.fetch(MOVE_CASES, *moves):
                    facts += self._changes(moved, heard[moved[0]])
            rows = await self._journal.append(connection, facts)
        self._journal.publish(rows)

    def _open(self, number: bytes, value: bytes, cases: list[tuple[Any, ...]], facts: list[Fact]) -> None:
        procedure = between(value, b'"procedure":"').decode()
        at, version = between(value, b'"submitted_at":"'), between(value, b'"pack_version":"')
        key, agency = number.decode(), self._packs[procedure].lead_agency
        declarant = between(value, b'"tax_code":"').decode()
        opened = datetime.fromisoformat(at.decode())
        due = opened + DECIDES_IN
        at_agency = OPEN_JSON % (agency, due.isoformat(), due.isoformat())
        cases.append((key, procedure, version.decode(), declarant, at_agency, "submitted", 0, opened, due))
        content = value[value.index(b'"content":') + len(b'"content":') :]
        work = ROUTED_JSON % (number, agency.encode(), version, at, content)
        facts.append(Fact(AGENCY_TOPICS[agency].name, key, ROUTED, f"{next(self._ids):032x}", work))

    def _changes(self, moved: Any, said: list[tuple[str, bytes]]) -> list[Fact]:
        number, procedure, version, declarant, revision = moved
        facts = []
        for fact_type, value in said:
            if fact_type == DELIVERED:
                continue
            revision += 1
            at = between(value, b'"decided_at":"')
            change = STATUS_JSON % (
                number.encode(),
                revision,
                STATUSES[fact_type].encode(),
                procedure.encode(),
                version.encode(),
                declarant.encode(),
                between(value, b'"agency":"'),
                at,
                says(fact_type).encode(),
                between(value, b'"reason":"'),
                between(value, b'"items":[', b"]"),
                between(value, b'"outcome":"'),
                between(value, b'"certificate_number":"'),
                b'"%b"' % at if fact_type == ACCEPTED else b"null",
                b'"%b"' % at if fact_type == SUPPLEMENT_REQUESTED else b"null",
            )
            facts.append(Fact(STATUS.name, number, STATUS_CHANGED, f"{next(self._ids):032x}", change))
        return facts


def _move(number: str, said: list[tuple[str, bytes]]) -> tuple[str, str, int, datetime, str]:
    """Where a case goes: its last status, how many changes, when, and how it stands at its agency."""
    changes = [(STATUSES[kind], value) for kind, value in said if kind != DELIVERED]
    status, last = changes[-1] if changes else ("submitted", said[-1][1])
    at = between(last, b'"decided_at":"' if changes else b'"delivered_at":"').decode()
    agency, outcome = between(last, b'"agency":"').decode(), between(last, b'"outcome":"').decode()
    at_agency = MOVED_JSON % (agency, status, outcome, at)
    return number, status, len(changes), datetime.fromisoformat(at), at_agency


async def main() -> None:
    """Run it."""
    journal = await Journal.of("routing")
    reader = await Reader.of("routing", [SUBMISSIONS, AGENCY_RESULTS])
    await serve(journal, {}, reader.read(Routing(journal).apply))


if __name__ == "__main__":
    run(main)
