"""The agencies' clocks. Pure.

They run in working time as the pack says, stand still while the business must act, and warn before they end. A clock
is moved by what happens and by nothing else; that its time has come is found in Postgres (`store.due`), so clocks
survive every restart, and what came due during an outage is stated after it.
"""

from datetime import datetime
from functools import lru_cache

from nsw_contracts.lifecycle import BUSINESS_ACTS
from nsw_procedures.calendar import Term, before, due, left
from nsw_procedures.pack import Deadlines

from nsw_routing.case import NO_CLOCK, AtAgency, Case, Clock


def follow(earlier: Case, later: Case, at: datetime, deadlines: Deadlines) -> Case:
    """The case after something happened at `at`, with every clock as it should be then."""
    agencies = []
    for was, now in zip(earlier.agencies, later.agencies, strict=True):
        agencies.append(now if was is now and not later.ended else _follow(was, now, at, deadlines, ended=later.ended))
    return later.but(agencies=tuple(agencies))


def begin(at: AtAgency, submitted_at: datetime, deadlines: Deadlines) -> AtAgency:
    """The agency's time to accept, refuse or ask begins."""
    return at.but(clock=_run(submitted_at, deadlines.of(at.agency).acceptance, deadlines.warning))


def _follow(was: AtAgency, now: AtAgency, at: datetime, deadlines: Deadlines, *, ended: bool) -> AtAgency:
    if now.final or ended:
        return now if now.clock is NO_CLOCK else now.but(clock=NO_CLOCK)
    if now.accepted and not was.accepted:
        return now.but(clock=_run(at, deadlines.of(now.agency).decision, deadlines.warning))
    acts, acted = now.status in BUSINESS_ACTS, was.status in BUSINESS_ACTS
    if acts and not acted:
        return now.but(clock=_stop(now, at, deadlines))
    if acted and not acts and now.clock.left is not None:
        return now.but(clock=_run(at, now.clock.left, deadlines.warning))
    return now


@lru_cache(maxsize=1 << 13)  # dossiers that came, or were decided, together share their moment
def _run(start: datetime, term: Term, warning: Term) -> Clock:
    due_at = due(start, term)
    warn_at = before(due_at, warning)
    return Clock(due_at=due_at, warn_at=warn_at if warn_at > start else None)


def _stop(now: AtAgency, at: datetime, deadlines: Deadlines) -> Clock:
    clock = now.clock
    if clock.due_at is None or clock.due_at <= at:
        return clock  # time that has run out cannot be stopped: it is overdue, and that is still to be said
    terms = deadlines.of(now.agency)
    unit = (terms.decision if now.accepted else terms.acceptance).unit
    return Clock(left=left(at, clock.due_at, unit))


def tick(case: Case, now: datetime) -> tuple[Case, list[tuple[AtAgency, str, datetime]]]:
    """What the clocks have to say by `now`: the case after it, and (agency, `deadline-near` or `overdue`, when).

    After an outage that a whole warning time fell into, only `overdue` is said.
    """
    said: list[tuple[AtAgency, str, datetime]] = []
    for one in case.agencies:
        clock = one.clock
        if clock.due_at is None or clock.overdue:
            continue
        if clock.due_at <= now:
            said.append((one, "overdue", clock.due_at))
            case = case.with_agency(one.but(clock=clock.but(warn_at=None, overdue=True)))
        elif clock.warn_at is not None and clock.warn_at <= now:
            said.append((one, "deadline-near", clock.warn_at))
            case = case.with_agency(one.but(clock=clock.but(warn_at=None)))
    return case, said
