"""A fact round-trips, ignores the unknown, is frozen, and holds personal data in one place."""

import json
import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nsw_contracts.events import (
    AGENCY_FACTS,
    AMENDMENT_FILED,
    FACTS,
    FORWARDED,
    PUBLIC_FACTS,
    READ_AS,
    ROUTED,
    SUBMITTED,
    SUPPLEMENT_FILED,
    AgencyFact,
    Contact,
    DossierContent,
    Part,
    PublicFact,
)
from nsw_contracts.schemas import schema
from pydantic import BaseModel, ValidationError

ALL = pytest.mark.parametrize("fact_type", FACTS)


@ALL
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_a_fact_round_trips(fact_type, facts, data):
    fact = data.draw(facts(fact_type))
    assert FACTS[fact_type].model_validate_json(fact.model_dump_json()) == fact


@ALL
@settings(deadline=None, max_examples=10)
@given(data=st.data())
def test_unknown_fields_are_ignored_at_every_depth(fact_type, facts, data):
    fact = data.draw(facts(fact_type))
    later = with_unknown(json.loads(fact.model_dump_json()))
    assert FACTS[fact_type].model_validate(later, strict=False) == fact


def with_unknown(value, name=""):
    """The same JSON as a later release might write it. A procedure's own `form` is data, not fields."""
    if isinstance(value, list):
        return [with_unknown(item) for item in value]
    if isinstance(value, dict) and name != "form":
        return {"since_v9": {"a": [1]}, **{key: with_unknown(inner, key) for key, inner in value.items()}}
    return value


@ALL
@settings(deadline=None, max_examples=1)
@given(data=st.data())
def test_a_fact_cannot_change(fact_type, facts, data):
    fact = data.draw(facts(fact_type))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(fact, next(iter(FACTS[fact_type].model_fields)), "260000000000")


@ALL
def test_every_model_in_a_fact_is_a_part(fact_type):
    """`Part` is where frozen and extra="ignore" stand: a model of another base would escape both."""
    assert all(issubclass(model, Part) for model in models_in(FACTS[fact_type]))


def test_a_type_has_a_version_and_a_model_of_its_own():
    assert all(
        fact_type.startswith(("vn.nsw.dossier.", "vn.nsw.registration.", "vn.nsw.subscription."))
        and fact_type[-3:-1] == ".v"
        for fact_type in FACTS
    )
    assert len(set(FACTS.values())) == len(FACTS)


@pytest.mark.parametrize(("base", "listed"), [(AgencyFact, AGENCY_FACTS), (PublicFact, PUBLIC_FACTS)])
def test_a_list_of_facts_has_all_of_its_base(base, listed):
    assert {name: model for name, model in FACTS.items() if issubclass(model, base)} == listed


def test_personal_data_is_reachable_only_from_what_was_filed():
    filed = {SUBMITTED, SUPPLEMENT_FILED, AMENDMENT_FILED}
    assert {name for name, model in FACTS.items() if Contact in models_in(model)} == filed | {ROUTED, FORWARDED}


@ALL
def test_what_readers_leave_unread_is_the_content_and_nothing_else(fact_type):
    whole, read = FACTS[fact_type], READ_AS[fact_type]
    assert issubclass(whole, read)
    left = set(whole.model_fields) - set(read.model_fields)
    assert left == (set() if read is whole else {"content"})
    assert list(whole.model_fields)[-1] == "content" or DossierContent not in models_in(whole), "content comes last"


@ALL
def test_no_other_model_has_a_way_to_reach_a_person(fact_type):
    document = schema(fact_type)
    named = {document["title"]: document, **document.get("$defs", {})}
    for model, node in named.items():
        if model != "Contact":
            assert not {"phone", "email", "address", "fax", "contact_name"} & set(node.get("properties", {}))


def models_in(kind) -> set[type[BaseModel]]:
    """Every model that a value of this annotation can hold, itself among them."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        found = {kind}
        for field in kind.model_fields.values():
            found |= models_in(field.annotation)
        return found
    return {model for inner in typing.get_args(kind) for model in models_in(inner)}
