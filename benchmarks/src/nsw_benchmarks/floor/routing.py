"""The floor's routing: a case for each dossier, work to its agency, the public status of what the agency did."""

from datetime import datetime
from typing import Any

from nsw_contracts.events import (
    ACCEPTED,
    DELIVERED,
    REFUSED,
    RESULT_ISSUED,
    ROUTED,
    STATUS_CHANGED,
    SUPPLEMENT_REQUESTED,
)
from nsw_contracts.topics import AGENCY_RESULTS, AGENCY_TOPICS, STATUS, SUBMISSIONS
from nsw_procedures.catalogue import procedures

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
    "number", "procedure", "pack_version", "declarant", "agency", "status", "revision", "delivered_at", "changed_at",
)  # fmt: skip
MOVE_CASES = """
update dossier_case c
set status = m.status, revision = c.revision + m.changes, changed_at = m.at,
    delivered_at = coalesce(m.delivered, c.delivered_at)
from unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[], $5::timestamptz[])
    as m(number, status, changes, at, delivered)
where c.number = m.number
returning c.number, c.procedure, c.pack_version, c.declarant, c.agency, c.revision - m.changes
"""
STATUSES = {
    ACCEPTED: "accepted",
    REFUSED: "refused",
    SUPPLEMENT_REQUESTED: "supplement_requested",
    RESULT_ISSUED: "result_issued",
}
ROUTED_JSON = b'{"number":"%b","agency":"%b","role":"lead","pack_version":"%b","routed_at":"%b","content":%b'
STATUS_JSON = (
    b'{"number":"%b","revision":%d,"status":"%b","procedure":"%b","pack_version":"%b","declarant":"%b","agency":"%b",'
    b'"changed_at":"%b","reason":"%b","items":[%b],"outcome":"%b","certificate_number":"%b"}'
)


class Routing:
    """One batch holds what businesses and what agencies did."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._ids = ids(2)

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
        procedure = procedures()[between(value, b'"procedure":"').decode()]
        at = between(value, b'"submitted_at":"')
        key, agency, version = number.decode(), procedure.lead_agency, procedure.version
        declarant = between(value, b'"tax_code":"').decode()
        opened = datetime.fromisoformat(at.decode())
        cases.append((key, procedure.code, version, declarant, agency, "submitted", 0, None, opened))
        content = value[value.index(b'"content":') + len(b'"content":') :]
        work = ROUTED_JSON % (number, agency.encode(), version.encode(), at, content)
        facts.append(Fact(AGENCY_TOPICS[agency].name, key, ROUTED, f"{next(self._ids):032x}", work))

    def _changes(self, moved: Any, said: list[tuple[str, bytes]]) -> list[Fact]:
        number, procedure, version, declarant, agency, revision = moved
        facts = []
        for fact_type, value in said:
            if fact_type == DELIVERED:
                continue
            revision += 1
            change = STATUS_JSON % (
                number.encode(),
                revision,
                STATUSES[fact_type].encode(),
                procedure.encode(),
                version.encode(),
                declarant.encode(),
                agency.encode(),
                between(value, b'"decided_at":"'),
                between(value, b'"reason":"'),
                between(value, b'"items":[', b"]"),
                between(value, b'"outcome":"'),
                between(value, b'"certificate_number":"'),
            )
            facts.append(Fact(STATUS.name, number, STATUS_CHANGED, f"{next(self._ids):032x}", change))
        return facts


def _move(number: str, said: list[tuple[str, bytes]]) -> tuple[str, str, int, datetime, datetime | None]:
    """Where a case goes: its last status, how many changes, when, and when it was delivered."""
    delivered = [_time(value, b'"delivered_at":"') for fact_type, value in said if fact_type == DELIVERED]
    changes = [(STATUSES[kind], _time(value, b'"decided_at":"')) for kind, value in said if kind != DELIVERED]
    status, at = changes[-1] if changes else ("submitted", delivered[-1])
    return number, status, len(changes), at, delivered[-1] if delivered else None


def _time(value: bytes, before: bytes) -> datetime:
    return datetime.fromisoformat(between(value, before).decode())


async def main() -> None:
    """Run it."""
    journal = await Journal.of("routing")
    reader = await Reader.of("routing", [SUBMISSIONS, AGENCY_RESULTS])
    await serve(journal, {}, reader.read(Routing(journal).apply))


if __name__ == "__main__":
    run(main)
