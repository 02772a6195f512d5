"""How goods are inspected: what is known of a kind of goods, how results change it, and what follows for one line.

Pure. What is known belongs to the goods: no key, record or sentence names a business. Consecutive passes lead from
each mode to the next lighter one as the pack's policy says, and a failure leads back; it never makes inspection
lighter. Reform of specialised inspection, 2020: tight → normal → reduced → exempt for a period, by the goods and not
their owner.
"""

import json
import unicodedata
from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, NamedTuple

from nsw_contracts.events import Goods, InspectionMode, LineInspection
from nsw_procedures.inspection_policy import MODES, InspectionPolicy

from nsw_routing.draws import VIET_NAM, Draw
from nsw_routing.inspection_words import (
    Sentence,
    began,
    climbed,
    exempt,
    exemption_over,
    failed,
    joined,
    never_seen,
    random_check,
    same_goods,
)

SPARED: Final[frozenset[InspectionMode]] = frozenset({"reduced", "exempt"})
"""The modes in which the random check takes lines all the same."""

_JSON: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
KEY_BYTES: Final = 1000  # a longer key would not fit in a Postgres index


class GoodsRecord(NamedTuple):
    """What is known of one kind of goods under one policy.

    `passes` in a row were counted in the present mode; `outcomes` is how many results were counted in all.
    `exempt_until` is there while the mode is an exemption that ends.
    """

    policy: str
    goods: str
    mode: InspectionMode
    passes: int
    exempt_until: datetime | None
    outcomes: int


def goods_key(policy: InspectionPolicy, line: Goods, form: Mapping[str, Any]) -> str:
    """What makes two lines the same goods, as stable text: the policy's fields of the line and of the form.

    Case, spacing, Unicode's ways of writing one letter and invisible characters make no difference; accents do. At most
    1,000 bytes: of a longer text the SHA-256.
    """
    fields: dict[str, Any] = {name: _same(getattr(line, name)) for name in policy.goods}
    fields |= {f"form/{name}": _same(form.get(name)) for name in policy.form_fields}
    text = _JSON.encode(fields)
    encoded = text.encode()
    return text if len(encoded) <= KEY_BYTES else f"sha256:{sha256(encoded).hexdigest()}"


def unseen(policy: InspectionPolicy, key: str) -> GoodsRecord:
    """Goods of which nothing is known yet."""
    return GoodsRecord(policy.name, key, policy.start, passes=0, exempt_until=None, outcomes=0)


def mode_at(record: GoodsRecord, at: datetime) -> InspectionMode:
    """The mode at a moment: when an exemption is over, inspection is reduced."""
    return "reduced" if _exemption_over(record, at) else record.mode


def after(record: GoodsRecord, policy: InspectionPolicy, passed: bool, at: datetime) -> GoodsRecord:  # noqa: FBT001
    """What is known once a result is counted at `at`.

    A pass while exempt (the random check's) keeps the exemption as it is; a failure ends it.
    """
    mode, passes, until = record.mode, record.passes, record.exempt_until
    if _exemption_over(record, at):
        mode, passes, until = "reduced", 0, None
    outcomes = record.outcomes + 1
    if not passed:
        return record._replace(mode=mode_after_failure(policy), passes=0, exempt_until=None, outcomes=outcomes)
    passes += 1
    needed = None if mode == "exempt" else policy.passes.get(mode)
    if needed is not None and passes >= needed:
        mode, passes = MODES[MODES.index(mode) + 1], 0
        until = _months_later(at, policy.exempt_months) if mode == "exempt" else None
    return record._replace(mode=mode, passes=passes, exempt_until=until, outcomes=outcomes)


def mode_after_failure(policy: InspectionPolicy) -> InspectionMode:
    """Where a failure leads: the policy's `after_failure`, but never lighter than goods begin that nobody has seen."""
    return min(policy.after_failure, policy.start, key=MODES.index)


def decide(
    policy: InspectionPolicy,
    record: GoodsRecord,
    *,
    number: str,
    line: int,
    hs_code: str,
    at: datetime,
    draw: Draw,
) -> LineInspection:
    """How one line of a dossier is inspected, and why. `draw` is that of `at`'s local day."""
    mode = mode_at(record, at)
    drawn = mode in SPARED and draw.drawn(number, line, policy.random_percent)
    causes = [_cause(policy, record, mode)]
    if mode in SPARED and policy.random_percent:
        causes.append(random_check(draw.day, policy.random_percent, taken=drawn))
    causes.append(same_goods(policy.goods, and_form=bool(policy.form_fields)))
    return LineInspection(line=line, hs_code=hs_code, mode=mode, drawn=drawn, why=joined(*causes))


def is_inspected(line: LineInspection) -> bool:
    """Is the line looked at at all? Only then does the dossier's result say something of its goods."""
    return line.mode != "exempt" or line.drawn


def keys_to_update(
    policy: InspectionPolicy, goods: Iterable[Goods], form: Mapping[str, Any], lines: Iterable[LineInspection]
) -> tuple[str, ...]:
    """The kinds of goods for which a dossier's `passed` or `failed` counts: those of its inspected lines.

    Sorted, and each once: a consignment split into many lines is still one result.
    """
    inspected = {line.line for line in lines if is_inspected(line)}
    return tuple(sorted({goods_key(policy, one, form) for one in goods if one.line in inspected}))


def _cause(policy: InspectionPolicy, record: GoodsRecord, mode: InspectionMode) -> Sentence:
    """What led the goods to their mode."""
    if record.outcomes == 0:
        return never_seen(mode)
    if record.exempt_until is not None:
        return exempt(record.exempt_until) if mode == "exempt" else exemption_over(record.exempt_until)
    if record.passes == record.outcomes:
        return began(mode, record.passes)
    if mode == mode_after_failure(policy):
        return failed(mode, record.passes)
    earlier = MODES[max(MODES.index(mode) - 1, 0)]
    return climbed(mode, record.passes, earlier, None if earlier == "exempt" else policy.passes.get(earlier))


def _exemption_over(record: GoodsRecord, at: datetime) -> bool:
    return record.mode == "exempt" and record.exempt_until is not None and at >= record.exempt_until


def _same(value: Any) -> Any:
    """A value as it is compared."""
    if isinstance(value, str):
        return _same_text(value)
    if isinstance(value, Mapping):
        return {name: _same(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_same(part) for part in value]
    return value


@lru_cache(maxsize=4096)  # descriptions are long, and few
def _same_text(text: str) -> str:
    shown = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", " ".join(shown.casefold().split()))


def _months_later(at: datetime, months: int) -> datetime:
    """The same local day and time so many calendar months later; the month's last day where it has no such day."""
    here = at.astimezone(VIET_NAM)
    years, month = divmod(here.month - 1 + months, 12)
    year, month = here.year + years, month + 1
    day = min(here.day, monthrange(year, month)[1])
    return here.replace(year=year, month=month, day=day).astimezone(at.tzinfo)
