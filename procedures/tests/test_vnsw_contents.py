"""The contents' data is the deployed one: what is deployed may be written by hand and is read, anything else is not."""

from typing import Any

import pytest
from lxml import etree
from nsw_procedures.packs import packs
from nsw_procedures.vnsw.contents import contents
from nsw_procedures.vnsw.incoming import said
from nsw_procedures.vnsw.pack_check import message_faults
from nsw_procedures.vnsw.plan import heard_as
from nsw_procedures.vnsw.reading import read
from nsw_procedures.vnsw.schema import Element, element
from nsw_procedures.vnsw.writing import build
from vnsw_dossiers import AQUATIC, pack

CONTENTS = contents(AQUATIC)
PACK = pack()
MESSAGES = sorted(CONTENTS)


def filled(of: Element, *, whole: bool) -> Any:
    """The shortest or the fullest value of an element."""
    if of.kind == "group":
        return {
            one.name: ([filled(one, whole=whole)] * 2 if one.repeats else filled(one, whole=whole))
            for one in of.children
            if whole or not one.optional
        }
    texts = {"short": "32767", "long": "-9", "decimal": "0." + "1" * of.digits, "datetime": "2026-03-02 09:00:00.123"}
    return texts.get(of.kind, "ế" * (of.longest or 5) if whole else "x")


def test_every_message_of_the_procedure_is_there() -> None:
    assert {f"{kind}/{function}" for kind, function in CONTENTS} == {
        "10/01", "10/02", "10/03", "11/05", "11/06", "11/07", "12/04", "13/08", "14/09", "14/10", "15/11", "16/12",
        "16/13", "17/14", "17/16", "18/15", "18/17", "19/18",
    }  # fmt: skip


def test_the_deployed_spellings_and_slips_are_kept() -> None:
    of = CONTENTS["15", "11"]
    paths = dict(of.leaves())
    product = "RegistrationProfile/ProductList/Product"
    assert paths[f"{product}/ProductType"].kind == "short"
    assert (paths[f"{product}/SizeOrType"].kind, paths[f"{product}/SizeOrType"].digits) == ("decimal", 1)
    assert paths["RegistrationProfile/ProcessingList/Processing/ProcessingApprovalNUmber"].longest == 50
    assert "RegistrationComfirmNo" in dict(CONTENTS["12", "04"].leaves())
    assert "CreaterName" in dict(CONTENTS["11", "05"].leaves())
    names = list(paths)
    times = [name.rpartition("/")[2] for name in names if "TimeQuarantine" in name]
    assert times == ["TimeQuarantine", "TimeQuarantineFrom", "TimeQuarantineTo"]


@pytest.mark.parametrize("whole", [False, True], ids=["shortest", "fullest"])
@pytest.mark.parametrize("message", MESSAGES, ids="/".join)
def test_what_is_built_is_read_as_it_was(message: tuple[str, str], whole: bool) -> None:
    of = CONTENTS[message]
    value = filled(of, whole=whole)
    node, faults = build(of, value)
    assert faults == []
    assert read(of, etree.fromstring(etree.tostring(node))) == (value, [])


@pytest.mark.parametrize("message", MESSAGES, ids="/".join)
def test_every_element_is_judged(message: tuple[str, str]) -> None:
    """Each element left out, out of order, too long, blank: named by its path, in reading and in building."""
    of = CONTENTS[message]
    for path, leaf in of.leaves():
        *way, last = path.split("/")
        for text in bad(leaf):
            value = filled(of, whole=True)
            inner = value
            for part in way:
                inner = inner[part][0] if isinstance(inner[part], list) else inner[part]
            if text is None:
                del inner[last]
            else:
                inner[last] = text
            node, faults = build(of, value)
            assert [fault.path.rpartition("/")[2] for fault in faults] in ([last], [last, last]), (path, text)
            if text is None:
                assert read(of, node)[1] != []


def bad(leaf: Element) -> list[str | None]:
    found: list[str | None] = [] if leaf.optional else [None]
    if leaf.longest is not None:
        found.append("x" * (leaf.longest + 1))
    if leaf.not_blank:
        found += ["", " \n"]
    match leaf.kind:
        case "short":
            found += ["32768", "1.0", "", "x", "١"]
        case "long":
            found += [str(1 << 63), "x"]
        case "decimal":
            found += ["1." + "1" * (leaf.digits + 1), "1e3", "NaN", ""]
        case "datetime":
            found += ["2026-03-02", "2026-02-30 09:00:00", "2026-03-02T09:00:00", "2026-03-02 09:00:00.1", "x"]
    return found


@pytest.mark.parametrize(
    ("children", "path"),
    [
        ("<RequestDate>2026-03-02 09:00:00</RequestDate><NSWFileCode>1</NSWFileCode>", "QuarantineCancel"),
        ("<RegistrationComfirmNo>1</RegistrationComfirmNo>", "QuarantineCancel/NSWFileCode"),
        ("<Extra/>", "QuarantineCancel"),
    ],
    ids=["order", "missing", "unknown"],
)
def test_order_and_names_are_binding(children: str, path: str) -> None:
    _, faults = read(CONTENTS["12", "04"], etree.fromstring(f"<QuarantineCancel>{children}</QuarantineCancel>"))
    assert path in [fault.path for fault in faults]


def test_numbers_may_have_blanks_around_them_as_their_types_allow() -> None:
    node, _ = build(CONTENTS["19", "18"], filled(CONTENTS["19", "18"], whole=False))
    text = etree.tostring(node).replace(b"32767", b" \n 7 ")
    assert read(CONTENTS["19", "18"], etree.fromstring(text))[0]["Result"] == "7"


@pytest.mark.parametrize("key", ["a b", "1x", "x!", ""])
def test_a_name_that_is_none_is_no_element(key: str) -> None:
    with pytest.raises(ValueError, match="name"):
        element(key, "text")


@pytest.mark.parametrize("value", ["int", "decimal", "<=50", 5, None])
def test_what_no_element_can_hold_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="can hold"):
        element("A", value)


def test_every_pack_has_messages_that_can_be_filled_and_read() -> None:
    for code in packs():
        for one in packs().versions(code):
            assert message_faults(one) == [], (code, one.version)


def spoiled(**changes: Any) -> Any:
    messages = PACK.messages.model_copy(update=changes)
    return PACK.model_copy(update={"messages": messages})


def test_a_pack_whose_messages_cannot_be_filled_is_told_so() -> None:
    first, *others = PACK.messages.outgoing
    form = {name: value for name, value in PACK.form.items() if name != "x-from-dossier"}
    unfilled = PACK.model_copy(update={"form": form})
    assert any("nothing fills NSWFileCode, ImporterName" in fault.says for fault in message_faults(unfilled))
    wrong = first.model_copy(update={"elements": {"Nowhere": "number"}})
    (fault,) = message_faults(spoiled(outgoing=(wrong, *others)))
    assert (fault.field, fault.says) == ("messages/outgoing/0", "RegistrationProfile has no element Nowhere")
    renamed = first.model_copy(update={"content": "Profile"})
    assert "brings RegistrationProfile, not 'Profile'" in message_faults(spoiled(outgoing=(renamed,)))[0].says


def test_a_pack_whose_answers_cannot_be_read_is_told_so() -> None:
    first, *others = PACK.messages.incoming
    wrong = first.model_copy(update={"fields": {"decided_at": "Nowhere", "colour": "Reason"}})
    says = [fault.says for fault in message_faults(spoiled(incoming=(wrong, *others)))]
    assert says == [
        "fields/decided_at: EvaluationResult has no element Nowhere",
        "fields/colour: the fact accepted has no such field",
    ]
    bare = PACK.messages.incoming[1].model_copy(update={"fields": {"decided_at": "ResultDate"}})
    (fault,) = message_faults(spoiled(incoming=(bare,)))
    assert fault.says == "fields: the fact refused needs reason"


@pytest.mark.parametrize("one", PACK.messages.incoming, ids=lambda one: f"{one.type}/{one.function}")
def test_what_a_ministry_says_becomes_the_fields_of_its_fact(one: Any) -> None:
    of = CONTENTS[one.type, one.function]
    value = filled(of, whole=True)
    node, _ = build(of, value)
    message = heard_as(PACK, one.type, one.function)
    assert message is not None
    fields, faults = said(PACK, message, node)
    assert faults == []
    assert fields["decided_at"] == "2026-03-02T09:00:00+07:00"
    assert fields.get("outcome") == one.outcome
    short, _ = build(of, filled(of, whole=False))
    fields, _ = said(PACK, message, short)
    if one.means in ("refused", "supplement-requested", "withdrawal-refused", "amendment-refused"):
        assert fields["reason"] == "Cơ quan không nêu lý do"
