"""A dossier judged by its procedure's pack as it is filed: every fault at once, each by its pointer."""

from datetime import date
from typing import Any

import pytest
from filing_examples import FOOD, TODAY, content, example, spoiled
from nsw_intake.parsing import ERRORS_SHOWN, filed_now, judged
from nsw_procedures.packs import packs
from nsw_runtime.problems import Problem

FAULTS: dict[str, tuple[str, Any, str]] = {
    # name: (pointer spoiled, with what, pointer named)
    "an unknown procedure": ("/procedure", "BYTE0599999", "/procedure"),
    "a wrong check digit": ("/declarant/tax_code", "0100109107", "/declarant/tax_code"),
    "a wrong check digit of a branch": ("/declarant/tax_code", "0100109107-001", "/declarant/tax_code"),
    "no goods": ("/consignment/goods", [], "/consignment/goods"),
    "another direction": ("/consignment/direction", "export", "/consignment/direction"),
    "a form without a field": ("/form/declaration_number", ..., "/form"),
    "a field of the form that does not exist": ("/form/colour", "red", "/form"),
    "a day that is none": ("/form/arrival_date", "2026-02-30", "/form/arrival_date"),
    "a required document is missing": ("/documents", [], "/documents"),
    "a document of another type": ("/documents/0/media_type", "text/plain", "/documents/0/media_type"),
    "a document too large": ("/documents/0/size", 10**12, "/documents/0/size"),
}


@pytest.mark.parametrize("base", ["", "/dossier"])
@pytest.mark.parametrize("name", FAULTS)
def test_what_the_procedure_does_not_take_is_refused_by_its_pointer(name: str, base: str) -> None:
    path, value, pointer = FAULTS[name]
    with pytest.raises(Problem) as raised:
        filed_now(content(spoiled(path, value)), TODAY, base)
    assert (raised.value.status, raised.value.kind) == (422, "invalid-dossier")
    assert raised.value.errors
    for error in raised.value.errors:
        assert error.pointer.startswith(base + pointer), error
        assert error.detail


def test_all_that_is_wrong_is_named_at_once() -> None:
    wrong = spoiled("/declarant/tax_code", "0100109107") | {"documents": []}
    wrong["consignment"]["direction"] = "transit"
    with pytest.raises(Problem) as raised:
        filed_now(content(wrong), TODAY)
    named = {error.pointer for error in raised.value.errors}
    assert named == {"/declarant/tax_code", "/consignment/direction", "/documents"}


def test_so_many_faults_are_named_and_no_more() -> None:
    wrong = example()
    wrong["documents"] = [wrong["documents"][0] | {"size": 10**12}] * 50
    with pytest.raises(Problem) as raised:
        filed_now(content(wrong), TODAY)
    assert len(raised.value.errors) == ERRORS_SHOWN


def test_a_good_dossier_is_judged_by_the_pack_of_its_day() -> None:
    assert filed_now(content(example()), TODAY) == packs().in_force(FOOD, TODAY)
    code = "BCT9800003"
    first, *_, last = packs().versions(code)
    assert first.version != last.version
    with pytest.raises(Problem) as raised:
        filed_now(content(example(code)), date(1990, 1, 1))
    assert [error.pointer for error in raised.value.errors] == ["/procedure"]


def test_a_dossier_can_be_judged_by_a_pack_that_is_not_todays() -> None:
    (pack,) = packs().versions(FOOD)
    judged(pack, content(example()), "/dossier")
    with pytest.raises(Problem) as raised:
        judged(pack, content(spoiled("/consignment/goods", [])), "/dossier")
    assert [error.pointer for error in raised.value.errors] == ["/dossier/consignment/goods"]
