"""Routing's decisions: what businesses and agencies did moves the case, and whoever must know is told.

Pure but for `load` and `save`: the same event and the same case give the same facts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

from nsw_contracts.content import content_of, has_content
from nsw_contracts.events import (
    AGENCY_FACTS,
    RESULT_ISSUED,
    AgencyDecision,
    AgencyFact,
    CommandFact,
    Delivered,
    DossierContent,
    LineInspection,
    ResultIssued,
    Submitted,
    says,
)
from nsw_contracts.lifecycle import AgencySays
from nsw_procedures.pack import Pack
from nsw_procedures.packs import packs
from nsw_runtime.database import Connection
from nsw_runtime.handling import Applied, Event, Outcome, Park, Quarantine
from nsw_runtime.journal import Entry

from nsw_routing import clocks, facts, store
from nsw_routing.case import AtAgency, Case
from nsw_routing.draws import Draws
from nsw_routing.inspecting import goods_wanted, inspect, pack_of
from nsw_routing.inspection import GoodsRecord
from nsw_routing.machine import Contradiction, Moved, Noted, NotPossible, ask, hear
from nsw_routing.store import GoodsOutcome

_SAYS: Final[dict[str, AgencySays]] = {kind: says(kind) for kind in AGENCY_FACTS}  # type: ignore[misc]  # one list


class Held(NamedTuple):
    """What routing holds of one dossier: its case, what is known of its goods, and what its result says of them."""

    case: Case | None = None
    records: Mapping[str, GoodsRecord] = {}
    outcomes: tuple[GoodsOutcome, ...] = ()


class CaseHandler:
    """Holds the cases."""

    def __init__(self, draws: Draws) -> None:
        self._draws = draws

    async def load(self, connection: Connection, events: Sequence[Event]) -> dict[str, Held]:
        """The cases these events are about, locked, and what is known of goods that are to be inspected."""
        cases = await store.cases(connection, sorted({event.key for event in events}))
        wanted: dict[str, set[tuple[str, str]]] = {}
        for event in events:
            for place in goods_wanted(event):
                wanted.setdefault(event.key, set()).add(place)
        records = await store.goods_records(connection, set().union(*wanted.values())) if wanted else {}
        held = {number: Held(case) for number, case in cases.items()}
        for number, goods in wanted.items():
            known = {key: record for policy, key in goods if (record := records.get((policy, key))) is not None}
            held[number] = Held(cases.get(number), known)
        return held

    async def due(self, connection: Connection, now: datetime, most: int) -> dict[str, Held]:
        """Cases whose clocks have something to say by `now`, locked; at most so many, the earliest first."""
        return {number: Held(case) for number, case in (await store.due(connection, now, most)).items()}

    def handle(self, event: Event, state: Held | None) -> Outcome[Held]:
        """Decide what follows from one fact."""
        held = state or Held()
        fact = event.fact
        if isinstance(fact, Submitted):
            return self._open(event, fact, held)
        if not isinstance(fact, (AgencyFact, CommandFact)):
            return Quarantine(f"{event.type} does not belong on {event.topic}")
        case = held.case
        if case is None:
            return Park("no such case yet: its submission has not been applied")
        pack = packs().version(case.procedure, case.pack_version)
        if pack is None:
            return _unknown_pack(case.procedure, case.pack_version)
        if isinstance(fact, CommandFact):
            return self._ask(event, fact, held, case, pack)
        return _hear(event, fact, held, case, pack)

    def tick(self, state: Held, now: datetime) -> Applied[Held]:
        """What a case's clocks have to say by `now`."""
        assert state.case is not None  # noqa: S101  # only cases come due
        case, said = clocks.tick(state.case, now)
        stated: list[Entry] = []
        for at, what, when in said:
            case = case.but(revision=case.revision + 1)
            stated.append(facts.deadline(case, at, what, when))
        return Applied(state=Held(case, state.records, state.outcomes), facts=stated)

    async def save(self, connection: Connection, changed: Mapping[str, Held]) -> None:
        """Write the cases that changed, and what results said of goods."""
        await store.save(connection, [held.case for held in changed.values() if held.case is not None])
        outcomes = [outcome for held in changed.values() for outcome in held.outcomes]
        if outcomes:
            await store.record(connection, outcomes)

    def _open(self, event: Event, fact: Submitted, held: Held) -> Outcome[Held]:
        """Open the case and hand the dossier to every agency of its procedure."""
        if held.case is not None:
            return Quarantine("the dossier was routed before")
        content, at = fact.content, fact.submitted_at
        pack = pack_of(fact)
        if pack is None:
            return _unknown_pack(content.procedure, fact.pack_version)
        lead, *others = pack.agencies
        agencies = [AtAgency(lead, "lead"), *(AtAgency(agency, "coordinating") for agency in others)]
        case = Case(
            number=fact.number,
            procedure=pack.code,
            pack_version=pack.version,
            declarant=content.declarant.tax_code,
            agencies=tuple(clocks.begin(one, at, pack.deadlines) for one in agencies),
            changed_at=at,
        )
        stated: list[Entry] = []
        decided = inspect(self._draws, case, pack, content, held.records, at)
        if decided is not None:
            case = case.but(goods=decided.goods, drawn=decided.drawn, revision=1)
            stated.append(facts.inspection_decided(event, case, decided, at))
        lines = decided.lines if decided is not None else ()
        stated += facts.routed(event, case, content_of(event.value), at, lines)
        return Applied(state=Held(case, held.records, held.outcomes), facts=stated)

    def _ask(self, event: Event, fact: CommandFact, held: Held, case: Case, pack: Pack) -> Outcome[Held]:
        """Do what the business asks for, or tell it why not."""
        at = fact.filed_at
        outcome = ask(case, fact)
        if isinstance(outcome, NotPossible):
            case = case.but(revision=case.revision + 1)
            return Applied(
                state=Held(case, held.records, held.outcomes), facts=[facts.command_refused(event, case, outcome, fact)]
            )
        content = content_of(event.value) if has_content(event.value) else None
        moved = _settle(outcome, case, at, pack)
        stated = [facts.status_changed(event, moved, at, pack.deadlines)]
        lines: Sequence[LineInspection] = ()
        if content is not None and pack.inspection is not None:
            moved, lines, decided = self._reinspect(event, moved, pack, content, held.records, at)
            stated += decided
        stated += [facts.forwarded(event, moved.case, tell, at, content, lines) for tell in moved.tell]
        return Applied(state=Held(moved.case, held.records, held.outcomes), facts=stated)

    def _reinspect(
        self,
        event: Event,
        moved: Moved,
        pack: Pack,
        content: bytes,
        records: Mapping[str, GoodsRecord],
        at: datetime,
    ) -> tuple[Moved, Sequence[LineInspection], list[Entry]]:
        """The business changed the dossier: other goods may be in it now, or will be once the agency agrees."""
        case = moved.case
        decided = inspect(self._draws, case, pack, DossierContent.model_validate_json(content), records, at)
        if decided is None:
            return moved, (), []
        case = case.but(drawn=decided.drawn)
        if case.request is not None:
            return replace(moved, case=case.but(asked_goods=decided.goods)), decided.lines, []
        case = case.but(goods=decided.goods, revision=case.revision + 1)
        return replace(moved, case=case), decided.lines, [facts.inspection_decided(event, case, decided, at)]


def _hear(event: Event, fact: AgencyFact, held: Held, case: Case, pack: Pack) -> Outcome[Held]:
    """Move the case by what an agency did, and tell the business and the other agencies."""
    if isinstance(fact, Delivered):
        at_agency = case.at(fact.agency)
        if at_agency is None:
            return Quarantine(f"{fact.agency} speaks of a dossier that is not with it")
        if at_agency.delivered_at is not None:
            return Applied()
        return Applied(
            state=Held(case.with_agency(at_agency.but(delivered_at=fact.delivered_at)), held.records, held.outcomes)
        )
    assert isinstance(fact, AgencyDecision)  # noqa: S101  # narrows the union
    at = fact.decided_at
    outcome = hear(case, _SAYS[event.type], fact)
    if isinstance(outcome, Contradiction):
        return Quarantine(outcome.why)
    if isinstance(outcome, Noted):
        return Applied(state=Held(clocks.follow(case, outcome.case, at, pack.deadlines), held.records, held.outcomes))
    moved = _settle(outcome, case, at, pack)
    stated = [facts.status_changed(event, moved, at, pack.deadlines)]
    stated += [facts.forwarded(event, moved.case, tell, at, None) for tell in moved.tell]
    outcomes = held.outcomes
    if event.type == RESULT_ISSUED and pack.inspection is not None and fact.agency == case.lead.agency:
        assert isinstance(fact, ResultIssued)  # noqa: S101  # narrows the union
        if fact.outcome != "licensed":  # a licence says nothing of how the goods were found
            passed = fact.outcome == "passed"
            outcomes += tuple(GoodsOutcome(pack.inspection, key, passed, at) for key in case.goods)
    return Applied(state=Held(moved.case, held.records, outcomes), facts=stated)


def _settle(moved: Moved, earlier: Case, at: datetime, pack: Pack) -> Moved:
    """The move with its clocks followed, its revision counted and its time noted."""
    case = clocks.follow(earlier, moved.case, at, pack.deadlines)
    case = case.but(revision=earlier.revision + 1, changed_at=at)
    return Moved(case, moved.what, moved.tell, moved.explanation)


def _unknown_pack(code: str, version: str) -> Park:
    return Park(f"procedure {code} {version} is not in this release; release it after an upgrade")
