"""How the goods of a dossier are inspected, decided when it is filed and again when the business changes it.

Goods that the random check took once stay taken, whatever the business makes of its dossier afterwards.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from nsw_contracts.content import content_of, has_content
from nsw_contracts.events import CommandFact, DossierContent, LineInspection, Submitted
from nsw_procedures.calendar import local_day
from nsw_procedures.pack import Pack
from nsw_procedures.packs import packs
from nsw_runtime.handling import Event

from nsw_routing import words
from nsw_routing.case import Case
from nsw_routing.draws import Draw, Draws
from nsw_routing.inspection import SPARED, GoodsRecord, decide, goods_key, is_inspected, unseen


class Decided(NamedTuple):
    """How the goods are inspected; `goods` and `drawn` are keys, as the case keeps them."""

    lines: tuple[LineInspection, ...]
    goods: tuple[str, ...]
    drawn: tuple[str, ...]
    draw: Draw


def inspect(
    draws: Draws, case: Case, pack: Pack, content: DossierContent, records: Mapping[str, GoodsRecord], at: datetime
) -> Decided | None:
    """Decide for each line; None where the procedure inspects no goods, or the dossier names none."""
    policy = pack.inspection
    if policy is None or not content.consignment.goods:
        return None
    draw = draws.draw(local_day(at))
    lines: list[LineInspection] = []
    goods: dict[str, None] = {}
    drawn = dict.fromkeys(case.drawn)
    for one in content.consignment.goods:
        key = goods_key(policy, one, content.form)
        record = records.get(key) or unseen(policy, key)
        line = decide(policy, record, number=case.number, line=one.line, hs_code=one.hs_code, at=at, draw=draw)
        if not line.drawn and line.mode in SPARED and key in case.drawn:
            line = line.model_copy(update={"drawn": True, "why": words.still_drawn()})
        lines.append(line)
        if line.drawn:
            drawn[key] = None
        if is_inspected(line):
            goods[key] = None
    return Decided(tuple(lines), tuple(goods), tuple(drawn), draw)


def pack_of(fact: Submitted) -> Pack | None:
    """The pack that a new dossier is judged by; None where this release does not have it."""
    if fact.pack_version:
        return packs().version(fact.content.procedure, fact.pack_version)
    return packs().in_force(fact.content.procedure, local_day(fact.submitted_at))


def goods_wanted(event: Event) -> list[tuple[str, str]]:
    """(policy, goods key) of each line in the dossier that an event brings, where its procedure inspects goods.

    By the event alone: a dossier's case may be opened in the very batch in which its business changes it.
    """
    fact = event.fact
    if isinstance(fact, Submitted):
        pack, content = pack_of(fact), fact.content
    elif isinstance(fact, CommandFact) and has_content(event.value):
        content = DossierContent.model_validate_json(content_of(event.value))
        pack = packs().version(content.procedure, fact.pack_version)
    else:
        return []
    if pack is None or pack.inspection is None:
        return []
    policy = pack.inspection
    return [(policy.name, goods_key(policy, line, content.form)) for line in content.consignment.goods]
