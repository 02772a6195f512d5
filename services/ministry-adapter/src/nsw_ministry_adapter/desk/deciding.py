"""An officer's decision, from what the officer sends to a row that the window will hear of. All or nothing.

An officer takes a dossier first, and decides what the dossier's part allows. Where the pack asks for four eyes the
decision is proposed, and another officer agrees or declines; until then nothing about the dossier has changed.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, TypeVar, cast

from nsw_contracts.adapter import say
from nsw_contracts.adapter.errors import NoSuchWord
from nsw_contracts.envelope import fact_id
from nsw_contracts.lifecycle import AgencySays
from nsw_procedures.packs import packs
from nsw_runtime.database import Connection
from nsw_runtime.problems import FieldError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nsw_ministry_adapter.desk import errors, store
from nsw_ministry_adapter.desk.item import Item, may_say, said
from nsw_ministry_adapter.desk.store import Decision

_GIVEN: Final = frozenset({"number", "agency", "message_id", "pack_version", "decided_at"})
"""Fields of a fact that the desk fills in."""


class DecisionBody(BaseModel):
    """What an officer sends: the word, and the fields of its fact (`reason`, `outcome`, `amount`, …)."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str = Field(max_length=40)

    @property
    def fields(self) -> Mapping[str, Any]:
        """The fact's fields, as sent."""
        return self.model_extra or {}


class Judgement(BaseModel):
    """What a second officer makes of a proposed decision; declining says why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    agree: bool
    reason: str = Field(default="", max_length=2000)


B = TypeVar("B", DecisionBody, Judgement)


def read(model: type[B], raw: bytes) -> B:
    """What an officer sent.

    Raises:
        Problem: 422, it is no JSON, nests without end, or a field is wrong.
    """
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise errors.invalid(errors.fields(error)) from None


async def take(connection: Connection, agency: str, number: str, officer: str, at: datetime) -> Item:
    """The officer takes the dossier; taking it again changes nothing.

    Raises:
        Problem: 404, there is none; 409, a colleague has it.
    """
    item = await _locked(connection, agency, number)
    if item.officer not in (None, officer):
        raise errors.taken(item.officer or "")
    if item.officer is None:
        item = replace(item, officer=officer, taken_at=at)
        await store.save(connection, [item])
    return item


async def release(connection: Connection, agency: str, number: str, officer: str) -> Item:
    """The officer gives the dossier back to the queue.

    Raises:
        Problem: 404, there is none; 409, a colleague has it.
    """
    item = await _locked(connection, agency, number)
    if item.officer not in (None, officer):
        raise errors.taken(item.officer or "")
    item = replace(item, officer=None, taken_at=None)
    await store.save(connection, [item])
    return item


async def decide(  # what a request says, and who sends it when
    connection: Connection, agency: str, number: str, officer: str, key: str, body: DecisionBody, at: datetime
) -> Decision:
    """The officer decides. The same decision sent again under its key is the same decision.

    Raises:
        Problem: 404, there is no such dossier; 409, it is not the officer's, or this cannot be said now; 422, a field
            is wrong, or the key was used for something else.
    """
    item = await _locked(connection, agency, number)
    decision_id = fact_id(f"{agency}/{number}/{key}", "desk")
    digest = sha256(body.model_dump_json().encode()).hexdigest()
    before = await store.decision(connection, agency, decision_id)
    if before is not None:
        if (before.digest, before.officer) != (digest, officer):
            raise errors.key_reused()
        return before
    if item.officer != officer:
        raise errors.taken(item.officer) if item.officer else errors.not_taken()
    kind = _kind(item, body)
    fact = _fact(item, kind, body, at)
    if any(one.state == "proposed" for one in await store.decisions(connection, agency, number)):
        raise errors.proposed_already()
    four_eyes = _asks_four_eyes(item, kind)
    decision = Decision(decision_id, number, kind, fact, digest, officer, at, "proposed" if four_eyes else "stated")
    await store.add_decision(connection, agency, decision)
    if not four_eyes:
        await store.save(connection, [said(item, kind, at)])
    return decision


async def judge(
    connection: Connection, agency: str, number: str, decision_id: str, officer: str, judged: Judgement, at: datetime
) -> Decision:
    """A second officer agrees, and the decision is said; or declines, and it never was.

    Raises:
        Problem: 404, there is no such dossier or decision; 409, it was judged already, is the officer's own, or what it
            says is not possible any more; 422, declining without a reason.
    """
    item = await _locked(connection, agency, number)
    decision = await store.decision(connection, agency, decision_id)
    if decision is None or decision.dossier != number:
        raise errors.unknown_decision()
    if decision.state != "proposed":
        if decision.second == officer and judged.agree == (decision.state != "declined"):
            return decision
        raise errors.judged_already(decision.state)
    if decision.officer == officer:
        raise errors.own_decision()
    if not judged.agree and not judged.reason:
        raise errors.invalid([FieldError("/reason", "say why; the officer who proposed it reads it")])
    state: store.State = "stated" if judged.agree else "declined"
    decision = decision._replace(state=state, second=officer, judged_at=at, reason=judged.reason)
    if judged.agree:
        kind = cast("AgencySays", decision.kind)
        if kind not in may_say(item):
            raise errors.not_possible(kind, may_say(item))
        await store.save(connection, [said(item, kind, at)])
    await store.judge(connection, agency, decision)
    return decision


async def _locked(connection: Connection, agency: str, number: str) -> Item:
    item = (await store.lock(connection, agency, [number])).get(number)
    if item is None:
        raise errors.unknown_dossier()
    return item


def _kind(item: Item, body: DecisionBody) -> AgencySays:
    possible = may_say(item)
    for kind in possible:
        if kind == body.kind:
            return kind
    raise errors.not_possible(body.kind, possible)


def _fact(item: Item, kind: AgencySays, body: DecisionBody, at: datetime) -> dict[str, Any]:
    """The fields of the fact, checked as the window will read them."""
    wrong = [FieldError(f"/{name}", "is filled in by the desk; leave it out") for name in body.fields if name in _GIVEN]
    if wrong:
        raise errors.invalid(wrong)
    try:
        fact = say(kind, number=item.number, agency=item.agency, decided_at=at, **body.fields)
    except NoSuchWord as error:
        raise errors.invalid([FieldError("/kind", str(error))]) from None
    except ValidationError as error:
        raise errors.invalid(errors.fields(error)) from None
    unknown = [name for name in body.fields if name not in type(fact).model_fields]
    if unknown:
        raise errors.invalid([FieldError(f"/{name}", f"is no field of {kind}") for name in unknown])
    return fact.model_dump(mode="json", exclude_defaults=True, exclude={"number", "agency", "message_id"})


def _asks_four_eyes(item: Item, kind: AgencySays) -> bool:
    pack = packs().version(item.procedure, item.pack_version)
    return pack is not None and kind in pack.four_eyes
