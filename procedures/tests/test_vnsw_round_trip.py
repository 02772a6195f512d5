"""A dossier told in XML and read back is the same dossier, to the byte of its JSON."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from nsw_contracts.events import DossierContent
from nsw_procedures.example import example_content
from nsw_procedures.filing import faults
from nsw_procedures.vnsw.hearing import dossier_data, heard
from nsw_procedures.vnsw.plan import outgoing
from nsw_procedures.vnsw.telling import Untold, told
from nsw_procedures.vnsw.writing import to_bytes
from nsw_procedures.xml_reader import read_xml
from vnsw_dossiers import dossiers, pack

PACK = pack()
BESIDE = {"number": "260000000017", "reason": "Đổi tàu", "filed_at": "2026-03-02 09:00:00"}
WITH_A_DOSSIER = [one for one in PACK.messages.outgoing if one.content in ("RegistrationProfile", "RequestEdit")]


def told_and_heard(content: DossierContent, which: int) -> dict[str, Any]:
    plan = outgoing(PACK, WITH_A_DOSSIER[which])
    body = to_bytes(told(plan, content.model_dump(mode="json") | BESIDE))
    said = heard(plan, read_xml(body))
    assert said.faults == []
    return dossier_data(PACK, said, content.declarant.tax_code)


@pytest.mark.parametrize("which", range(len(WITH_A_DOSSIER)), ids=[one.tells for one in WITH_A_DOSSIER])
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # such a dossier takes minutes to shrink
)
@given(content=dossiers())
def test_a_dossier_told_in_xml_is_read_back_as_the_same(which: int, content: DossierContent) -> None:
    assert faults(PACK, content) == []
    try:
        again = told_and_heard(content, which)
    except Untold as error:
        if any("understood again" not in fault.says for fault in error.faults):
            raise
        return  # its own words look like what the message puts between two of them
    assert DossierContent.model_validate(again).model_dump_json() == content.model_dump_json()


def example() -> dict[str, Any]:
    return example_content(PACK, PACK.examples[1]).model_dump(mode="json") | BESIDE


SPOILED = {
    # what is changed: (the change, the element that says so, the field behind it)
    "no address": (lambda d: d["contact"].update(address=""), "ImporterAddress", "/contact/address"),
    "a blank phone": (lambda d: d["contact"].update(phone="  "), "ImporterTel", "/contact/phone"),
    "a control character": (lambda d: d["declarant"].update(name="a\x01"), "ImporterName", "/declarant/name"),
    "a long description": (
        lambda d: d["consignment"]["goods"][0].update(description="x" * 300),
        "ProductList/Product[1]/ProductBusinessName",
        "/consignment/goods/0/description",
    ),
    "six digits after the point": (
        lambda d: d["consignment"]["goods"][0].update(quantity="1.000001"), "ProductList/Product[1]/Quantity",
        "/consignment/goods/0/quantity",
    ),
    "a line without particulars": (
        lambda d: d["form"]["products"].clear(), "ProductList/Product[1]/SizeOrType", "/form/products",
    ),
    "particulars of no line": (
        lambda d: d["form"]["products"].append({"line": 9, "size_or_type": "x"}), "ProductList/Product",
        "/form/products/1/line",
    ),
    "particulars twice": (
        lambda d: d["form"]["products"].append({"line": 1, "size_or_type": "x"}), "ProductList/Product",
        "/form/products/1/line",
    ),
    "a long file name": (
        lambda d: d["documents"][1].update(name="x" * 256), "AttachmentList/Attachment[2]/NameOfAttachment",
        "/documents/1/name",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILED)
def test_what_a_message_cannot_carry_is_said_with_its_element_and_its_field(name: str) -> None:
    change, element, pointer = SPOILED[name]
    data = example()
    change(data)
    with pytest.raises(Untold) as untold:
        told(outgoing(PACK, WITH_A_DOSSIER[0]), data)
    (fault,) = untold.value.faults
    assert fault.path == f"RegistrationProfile/{element}"
    assert untold.value.pointers[fault.path] == pointer


def test_words_that_cannot_be_told_apart_are_refused() -> None:
    data = example()
    data["form"]["products"][0]["size_or_type"] = "to (HS 030632; nhỏ"
    with pytest.raises(Untold, match="understood again"):
        told(outgoing(PACK, WITH_A_DOSSIER[-1]), data)


@pytest.mark.parametrize("name", SPOILED)
def test_a_dossier_that_its_agency_cannot_be_told_is_not_taken_in(name: str) -> None:
    change, element, pointer = SPOILED[name]
    content = example_content(PACK, PACK.examples[1]).model_dump(mode="json")
    change(content)
    found = faults(PACK, DossierContent.model_validate(content))
    assert any(fault.pointer == pointer for fault in found), found
    if pointer != "/form/products":
        assert any(element in fault.says for fault in found), found


def test_a_dossier_is_judged_by_every_message_that_may_bring_it() -> None:
    """What fits the first message may not fit the request to amend, in which the size stands with the goods' name."""
    content = example_content(PACK, PACK.examples[1]).model_dump(mode="json")
    content["consignment"]["goods"][0]["description"] = "x" * 200
    content["form"]["products"][0]["size_or_type"] = "y" * 60
    (fault,) = faults(PACK, DossierContent.model_validate(content))
    assert fault.pointer == "/consignment/goods/0/description"
    assert "RequestEdit/RegistrationProfile/ProductList/Product[1]/ProductBusinessName" in fault.says
