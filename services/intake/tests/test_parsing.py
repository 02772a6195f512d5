"""Reading bytes at the door: every refusal says where and what, and a bad body comes to a problem, never to a fault."""

import json
import time
from typing import Any

import pytest
from filing_examples import changed
from hypothesis import given, settings
from hypothesis import strategies as st
from nsw_contracts.events import DossierContent
from nsw_intake.parsing import MAX_DEPTH, parse_json, valid_content
from nsw_runtime.problems import Problem

GOODS = {
    "line": 1, "hs_code": "020130", "description": "Thịt bò", "origin_country": "AU", "quantity": "12.5", "unit": "KGM",
}  # fmt: skip
CONTENT: dict[str, Any] = {
    "procedure": "BYTE0500009",
    "declarant": {"tax_code": "0100109106", "name": "Công ty Một"},
    "consignment": {
        "direction": "import", "border_gate": "Cảng Cát Lái", "partner_country": "AU", "goods": [GOODS],
    },
    "form": {"purpose": "Kinh doanh"},
    "documents": [],
    "contact": {"name": "Nguyễn Văn A", "phone": "+84 24 0000 0000"},
}  # fmt: skip


def refusal(body: bytes) -> Problem:
    with pytest.raises(Problem) as raised:
        parse_json(body)
    assert raised.value.status == 400
    assert raised.value.kind == "malformed"
    return raised.value


def pointers(problem: Problem) -> list[str]:
    return [error.pointer for error in problem.errors]


def spoiled(path: str, value: Any) -> dict[str, Any]:
    """The good content with one field at this pointer changed, or removed (`...`)."""
    return changed(json.loads(json.dumps(CONTENT)), path, value)


NOT_JSON = {
    "nothing": b"",
    "only space": b" \n",
    "cut short": b'{"procedure": "BYT',
    "something after it": b"{} {}",
    "a trailing comma": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": "b"}'.encode("utf-16"),
    "UTF-16 without a mark": '{"a": "b"}'.encode("utf-16-le"),
    "UTF-32": '{"a": "b"}'.encode("utf-32"),
    "Latin-1": '{"a": "é"}'.encode("latin-1"),
    "an encoded surrogate": b'{"a": "\xed\xa0\x80"}',
    "an overlong NUL": b'{"a": "\xc0\x80"}',
    "a raw NUL in a string": b'{"a": "x\x00y"}',
    "a raw NUL outside": b'{"a": 1}\x00',
    "a raw newline in a string": b'{"a": "x\ny"}',
    "brackets without end": b"[" * 200_000,
    "braces without end": b'{"a":' * 200_000,
    "a key twice, then something else that is wrong": b'[{"a": 1, "a": 2} x',
    "a key twice, then brackets without end": b'[{"a": 1, "a": 2}, ' + b"[" * 200_000,
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_what_is_no_json_is_refused(name: str) -> None:
    problem = refusal(NOT_JSON[name])
    assert problem.errors == ()
    assert "sys." not in problem.detail, "nothing of how the server is made"


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


REFUSED_AT = {
    "a key twice": (b'{"a": 1, "b": 2, "a": 1}', "/a"),
    "a key twice, deep down": (b'{"form": {"list": [1, {"x": {"k": 1, "k": 2}}]}}', "/form/list/1/x/k"),
    "a key twice, once escaped": (b'{"form": {"a": 1, "\\u0061": 2}}', "/form/a"),
    "a key twice that needs escaping": (b'{"a/b~c": 1, "a/b~c": 2}', "/a~1b~0c"),
    "a key twice inside one that stands twice": (b'{"x": {"a": 1, "a": 2}, "x": 3}', "/x"),
    "a key twice beyond the depth": (nested(MAX_DEPTH + 2).replace(b"1", b'{"k": 1, "k": 2}'), "/a" * (MAX_DEPTH + 1)),
    "an empty key twice": (b'{"": 1, "": 2}', "/"),
    "a key twice, then NaN": (b'[{"a": 1, "a": 2}, NaN]', "/0/a"),
    "NaN": (b'{"a": NaN}', "/a"),
    "Infinity": (b"[Infinity]", "/0"),
    "minus Infinity": (b'{"a": {"b": -Infinity}}', "/a/b"),
    "a number that would become Infinity": (b'{"a": [0, 1.5, 1e999]}', "/a/2"),
    "a number below all": (b'{"a": -1e999}', "/a"),
    "a whole number that 64 bits do not hold": (b'{"a": 1, "b": 9223372036854775808}', "/b"),
    "a number of thousands of digits": (b'{"a": ' + b"1" * 5000 + b"}", "/a"),
    "nothing but NaN": (b"NaN", ""),
    "too many values": (b"[" + b"0," * 60_000 + b"0]", "/49999"),
    "too many values in many objects": (b"[" + b'{"a":[]},' * 30_000 + b"{}]", "/24999/a"),
    "an escaped NUL": (b'{"contact": {"name": "A\\u0000B"}}', "/contact/name"),
    "an escaped NUL in a list": (b'[[0, "\\u0000"]]', "/0/1"),
    "an escaped NUL in a key": (b'{"form": {"a\\u0000": 1}}', "/form"),
    "half of a pair": (b'{"form": {"a": "\\ud83d"}}', "/form/a"),
    "the other half": (b'{"form": {"a": ["\\ude00"]}}', "/form/a/0"),
    "half of a pair in a key": (b'{"form": {"\\ud83d": 1}}', "/form"),
    "half of a pair in a key that stands twice": (b'{"\\ud83d": 1, "\\ud83d": 1}', "/?"),
    "too deep": (nested(MAX_DEPTH + 1), "/a" * (MAX_DEPTH + 1)),
    "too deep in lists": (b"[" * 100 + b"]" * 100, "/0" * (MAX_DEPTH + 1)),
}


@pytest.mark.parametrize("name", REFUSED_AT)
def test_what_a_dossier_may_not_hold_is_refused_by_its_pointer(name: str) -> None:
    body, pointer = REFUSED_AT[name]
    assert pointers(refusal(body)) == [pointer]


def test_what_is_odd_but_right_is_taken() -> None:
    assert parse_json(nested(MAX_DEPTH))
    assert parse_json(b'{"a": "\\ud83d\\ude00", "b": "\\\\u0000", "c": "\\\\ud83d"}') == {
        "a": "😀", "b": "\\u0000", "c": "\\ud83d",
    }  # fmt: skip
    assert parse_json(b'[{"a": 1}, {"a": 1}]' + b" " * 100) == [{"a": 1}, {"a": 1}]
    assert parse_json(b"[" + b"[]," * 100 + b"[]]") == [[]] * 101
    assert parse_json(b'{"a": 1e308, "b": -0.0, "c": 1E-999}') == {"a": 1e308, "b": -0.0, "c": 0.0}
    assert parse_json(b"[999999999999999999, -99999999999999999]") == [10**18 - 1, 1 - 10**17]
    assert len(parse_json(b"[" + b"0," * 49_998 + b"0]")) == 49_999
    assert parse_json(b'["' + b"," * 60_000 + b'"]') == ["," * 60_000]


def test_a_large_object_with_a_key_twice_is_refused_as_quickly_as_it_is_read() -> None:
    """Looking each key up among all of them would take minutes here, and the door would stand still."""
    body = b"{" + b",".join(b'"%d":1' % key for key in range(49_990)) + b',"last":1,"last":2}'
    began = time.process_time()
    assert pointers(refusal(body)) == ["/last"]
    assert time.process_time() - began < 10


def test_what_holds_far_too_much_is_refused_unread() -> None:
    began = time.process_time()
    for body in (b"[" + b"[]," * 600_000 + b"x", b'{"a":{' * 300_000, b"," * 2_000_000):
        assert "50,000 values" in refusal(body).detail
    assert time.process_time() - began < 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def whole_numbers(value: Any) -> list[int]:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, int) else []
    return own + [number for item in inside for number in whole_numbers(item)]


@settings(max_examples=200)
@given(JSON)
def test_no_json_value_raises_anything_but_a_problem(value: Any) -> None:
    body = json.dumps(value).encode()
    try:
        read = parse_json(body)
    except Problem as problem:
        problem.response()
        return
    assert read == value
    assert all(abs(number) < 10**18 for number in whole_numbers(read))
    with pytest.raises(Problem) as raised:
        valid_content(read)
    assert raised.value.status == 422
    raised.value.response()


@given(st.binary(max_size=60) | st.text(st.sampled_from('{}[]":,\\u0dea1 '), max_size=40).map(str.encode))
def test_no_bytes_raise_anything_but_a_problem(body: bytes) -> None:
    try:
        parse_json(body)
    except Problem as problem:
        problem.response()


@settings(max_examples=200)
@given(st.data())
def test_any_field_may_be_anything(data: st.DataObject) -> None:
    """Whatever stands in one place of a good dossier, it is refused with a pointer there, or it is taken whole."""
    places = [
        "/procedure", "/declarant", "/declarant/tax_code", "/declarant/name", "/consignment", "/consignment/goods",
        "/consignment/goods/0", "/consignment/goods/0/quantity", "/consignment/goods/0/line", "/consignment/direction",
        "/form", "/documents", "/contact", "/contact/phone",
    ]  # fmt: skip
    path = data.draw(st.sampled_from(places))
    content = spoiled(path, data.draw(JSON))
    try:
        read = parse_json(json.dumps(content).encode())
    except Problem:
        return
    outcome: DossierContent | Problem
    try:
        outcome = valid_content(read)
    except Problem as problem:
        outcome = problem
    if isinstance(outcome, Problem):
        assert outcome.errors
        assert all(pointer.startswith(path) for pointer in pointers(outcome))
    else:  # it is written as JSON once, and read by everybody after that
        assert DossierContent.model_validate_json(outcome.model_dump_json()) == outcome


INVALID = {
    "a field is missing": ("/procedure", ...),
    "a whole part is missing": ("/contact", ...),
    "a procedure code of another form": ("/procedure", "byte0500009"),
    "a tax code of nine digits": ("/declarant/tax_code", "010010910"),
    "a tax code as a number": ("/declarant/tax_code", 100109106),
    "other digits": ("/declarant/tax_code", "٠١٠٠١٠٩١٠٦"),
    "no name": ("/declarant/name", ""),
    "an unknown direction": ("/consignment/direction", "sideways"),
    "too many goods": ("/consignment/goods", [GOODS] * 201),
    "a quantity of nothing": ("/consignment/goods/0/quantity", "0.000"),
    "a quantity below nothing": ("/consignment/goods/0/quantity", "-1"),
    "a quantity as a number": ("/consignment/goods/0/quantity", 12.5),
    "an hs code of seven digits": ("/consignment/goods/0/hs_code", "0201301"),
    "a line as text": ("/consignment/goods/0/line", "one"),
    "a list for an object": ("/declarant", []),
    "null": ("/consignment", None),
    "text for a list": ("/documents", "invoice.pdf"),
    "a document without its digest": ("/documents", [{"name": "a", "media_type": "a/b", "size": 1, "kind": "a"}]),
    "form is no object": ("/form", [1]),
}


@pytest.mark.parametrize("name", INVALID)
def test_what_is_no_valid_dossier_is_refused_by_its_pointer(name: str) -> None:
    path, value = INVALID[name]
    with pytest.raises(Problem) as raised:
        valid_content(spoiled(path, value), "/dossier")
    assert (raised.value.status, raised.value.kind) == (422, "invalid-dossier")
    (pointer,) = pointers(raised.value)
    assert pointer.startswith("/dossier" + path)


def test_every_wrong_field_is_named_at_once() -> None:
    content = spoiled("/declarant/tax_code", "1") | {"procedure": 5, "contact": {}}
    content["consignment"]["goods"][0]["unit"] = "kilogram"
    with pytest.raises(Problem) as raised:
        valid_content(content)
    assert pointers(raised.value) == [
        "/procedure", "/declarant/tax_code", "/consignment/goods/0/unit", "/contact/name",
    ]  # fmt: skip


def test_a_refusal_repeats_nothing_that_was_sent() -> None:
    secret = "Nguyễn Thị Bí Mật 0912345678"
    for path in ("/procedure", "/declarant/tax_code", "/contact", "/consignment/goods/0/quantity", "/documents"):
        with pytest.raises(Problem) as raised:
            valid_content(spoiled(path, secret))
        assert secret not in json.dumps(raised.value.body(), ensure_ascii=False)


def test_a_refusal_names_so_many_fields_and_no_more() -> None:
    with pytest.raises(Problem) as raised:
        valid_content(spoiled("/consignment/goods", [{}] * 200))
    assert len(raised.value.errors) == 20


def test_a_good_dossier_is_taken_whole() -> None:
    taken = valid_content(parse_json(json.dumps(CONTENT).encode()))
    assert taken.model_dump(mode="json", exclude_defaults=True) == {
        name: value for name, value in CONTENT.items() if name != "documents"
    }
