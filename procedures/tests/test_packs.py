"""Every pack that is shipped: its examples are dossiers without faults, and their stories can be told."""

from typing import get_args

import pytest
from nsw_contracts.lifecycle import COMMANDS, STATUSES, AgencySays
from nsw_procedures.catalogue import agencies, hs_codes
from nsw_procedures.example import example_content
from nsw_procedures.filing import faults
from nsw_procedures.pack import Example, Outcome, Pack
from nsw_procedures.packs import packs

PACKS = [pack for code in packs() for pack in packs().versions(code)]
EXAMPLES = [
    pytest.param(pack, example, id=f"{pack.code}@{pack.version}-{index}")
    for pack in PACKS
    for index, example in enumerate(pack.examples)
]
every_pack = pytest.mark.parametrize("pack", PACKS, ids=lambda pack: f"{pack.code}@{pack.version}")
every_example = pytest.mark.parametrize(("pack", "example"), EXAMPLES)


def test_every_agency_leads_a_procedure() -> None:
    assert {pack.lead_agency for pack in PACKS} == set(agencies())


@every_example
def test_an_example_has_no_faults(pack: Pack, example: Example) -> None:
    assert faults(pack, example_content(pack, example)) == []


@every_example
def test_a_form_field_left_out_is_the_one_fault(pack: Pack, example: Example) -> None:
    content = example_content(pack, example)
    for name in pack.form.get("required", ()):
        form = {field: value for field, value in content.form.items() if field != name}
        found = faults(pack, content.model_copy(update={"form": form}))
        assert [fault.pointer for fault in found] == ["/form"], name
        assert f'"{name}"' in found[0].says


@every_example
def test_a_document_left_out_is_the_one_fault(pack: Pack, example: Example) -> None:
    content = example_content(pack, example)
    for kind in (rule.kind for rule in pack.documents if rule.required):
        others = tuple(document for document in content.documents if document.kind != kind)
        found = faults(pack, content.model_copy(update={"documents": others}))
        assert [fault.pointer for fault in found] == ["/documents"], kind
        assert f"kind {kind} " in found[0].says


@every_example
def test_a_story_is_told_in_the_words_of_the_lifecycle(pack: Pack, example: Example) -> None:
    assert example.ends in STATUSES
    for step in example.story:
        who, says, *outcome = step.split(" ")
        if who == "declarant":
            assert says in COMMANDS, step
            assert not outcome, step
            continue
        assert who in pack.agencies, step
        assert says in get_args(AgencySays), step
        if says in {"result-issued", "result-amended"}:
            assert len(outcome) == 1, step
            assert outcome[0] in get_args(Outcome), step
        else:
            assert not outcome, step


@every_example
def test_a_story_says_only_what_the_ministry_has_a_message_for(pack: Pack, example: Example) -> None:
    """Packs with a table of their own; the others speak the canonical protocol, which has them all."""
    if not pack.messages.incoming:
        return
    known = {(one.means, one.outcome) for one in pack.messages.incoming}
    for step in example.story:
        who, says, *outcome = step.split(" ")
        if who == pack.lead_agency:
            assert (says, outcome[0] if outcome else None) in known, step


@every_pack
def test_goods_prefixes_are_of_the_harmonized_system(pack: Pack) -> None:
    for prefix in pack.goods.hs:
        assert any(code.startswith(prefix[:6]) for code in hs_codes()), prefix


@every_pack
def test_every_form_takes_the_filing_year_and_the_purpose(pack: Pack) -> None:
    required = pack.form.get("required", ())
    for name in ("filing_year", "purpose"):
        assert name in pack.form["properties"]
        assert name not in required


@every_pack
def test_every_field_of_a_form_is_named_in_both_languages(pack: Pack) -> None:
    def nameless(schema: dict, place: str) -> list[str]:
        found = []
        for name, field in schema.get("properties", {}).items():
            here = f"{place}/{name}"
            if not (field.get("title") and field.get("x-title-vi")):
                found.append(here)
            found += nameless(field, here) + nameless(field.get("items", {}), here)
        return found

    assert nameless(dict(pack.form), "") == []


def test_the_aquatic_quarantine_differs_between_its_versions_in_one_deadline() -> None:
    earlier, later = packs().versions("BNNPTNT0600009")
    assert (earlier.version, later.version) == ("2026.1", "2026.2")
    assert earlier.deadlines.decision.amount > later.deadlines.decision.amount
    assert earlier.deadlines == later.deadlines.model_copy(update={"decision": earlier.deadlines.decision})
    same = set(Pack.model_fields) - {"version", "effective_from", "legal_basis", "deadlines", "examples"}
    assert all(getattr(earlier, field) == getattr(later, field) for field in same)
