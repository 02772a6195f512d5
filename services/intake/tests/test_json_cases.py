"""What RFC 8259 takes and refuses, case by case, and where this door is stricter: each body is taken or refused whole.

After the kinds of JSONTestSuite (Seriot, "Parsing JSON is a minefield"); the cases are made here.
"""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nsw_intake import parsing
from nsw_intake.parsing import parse_json
from nsw_runtime.problems import Problem

TAKEN: dict[bytes, Any] = {
    b"[]": [],
    b"{}": {},
    b"null": None,
    b"true": True,
    b"false": False,
    b'""': "",
    b'"a"': "a",
    b"0": 0,
    b"-0": 0,
    b"-1": -1,
    b"42": 42,
    b"1.5": 1.5,
    b"-0.0": -0.0,
    b"1e2": 100.0,
    b"1E+2": 100.0,
    b"1e-2": 0.01,
    b"0e1": 0.0,
    b"1.25E2": 125.0,
    b"123456789012345678": 123456789012345678,
    b"0.1000000000000000055511151231257827021181583404541015625": 0.1,
    b"1e308": 1e308,
    b"1e-999": 0.0,
    b" [ 1 , 2 ] ": [1, 2],
    b"\t\r\n{\n}\n": {},
    b"[[[[[[[[[[]]]]]]]]]]": [[[[[[[[[[]]]]]]]]]],
    b'{"a":{"b":[{}]}}': {"a": {"b": [{}]}},
    b'{"":0}': {"": 0},
    b'{"a":null,"A":1}': {"a": None, "A": 1},
    b'[{"a":1},{"a":2}]': [{"a": 1}, {"a": 2}],
    b'"\\" \\\\ \\/ \\b \\f \\n \\r \\t"': '" \\ / \b \f \n \r \t',
    b'"\\u00e9\\u1EA1"': "éạ",
    b'"\\ud834\\udd1e"': "\U0001d11e",
    '"Cảng Cát Lái"'.encode(): "Cảng Cát Lái",
    '"\U0001f6a2"'.encode(): "\U0001f6a2",
    b'"\xef\xbf\xbf"': "\uffff",
    b'"\xf4\x8f\xbf\xbf"': "\U0010ffff",
    b'"\x7f"': "\x7f",
    b'"\xc2\x80"': "\x80",
    b'"\\u0001"': "\x01",
    b'"\\\\u0000"': "\\u0000",
    b'"\xe2\x80\xa8"': "\u2028",
    b'{"__proto__":1,"constructor":2}': {"__proto__": 1, "constructor": 2},
    b'"<script>alert(1)</script>"': "<script>alert(1)</script>",
    b'"\xef\xbb\xbf"': "\ufeff",
}  # fmt: skip

REFUSED = [
    # nothing, too little, too much
    b"", b" ", b"\n", b"[", b"]", b"{", b"}", b"[1", b'{"a":1', b'{"a":', b'{"a"', b"[1,", b'"', b'"a', b"tru", b"nul",
    b"[]]", b"{}}", b"[] []", b"{}{}", b"1 2", b"[]x", b"[],", b"null,",
    # commas, colons, quotes
    b"[,]", b"[,1]", b"[1,]", b"[1,,2]", b"[1 2]", b"[1:2]", b"{,}", b'{"a":1,}', b'{"a":1,,"b":2}', b'{"a" 1}',
    b'{"a"::1}', b'{"a",1}', b"{a:1}", b"{1:1}", b"{null:1}", b"{'a':1}", b"['a']", b'{"a":1 "b":2}', b"{[]:1}",
    # words that are no words of JSON
    b"True", b"FALSE", b"None", b"undefined", b"nil", b"NULL", b"yes", b"a", b"[a]",
    b"NaN", b"nan", b"Infinity", b"-Infinity", b"inf", b"+Infinity", b"-NaN", b"[NaN]", b'{"a":Infinity}',
    # comments
    b"[1]//", b"/**/[]", b"[/* */]", b"#\n[]", b"<!-- -->[]",
    # numbers
    b"+1", b"01", b"-01", b"00", b"1.", b".5", b"-.5", b"1.e1", b"1e", b"1e+", b"1e1.5", b"-", b"--1", b"+-1", b"1_000",
    b"0x10", b"0b1", b"0o7", b"1,5", b"1.2.3", b"1f", b"1L", b"- 1", b"1 .5", b"1e999", b"-1e999", b"1" * 400 + b".0",
    b"1" * 20, b"-" + b"1" * 18, b"[" + b"9" * 5000 + b"]",
    "１".encode(), "٤٢".encode(), "½".encode(),
    # texts
    b'"\x00"', b'"\x01"', b'"\n"', b'"\t"', b'"\r\n"', b'"\x1f"', b'"\\"', b'"\\x41"', b'"\\a"', b'"\\0"', b"\"\\'\"",
    b'"\\u"', b'"\\u12"', b'"\\u123g"', b'"\\U0041"', b'"\\u+123"', b'"\\u 123"', b'"\\',
    "“a”".encode(), b"`a`", b'"a"b"',
    # characters that are none, or that Postgres does not take
    b'"\\u0000"', b'{"\\u0000":1}', b'"\\ud800"', b'"\\udc00"', b'"\\ud800\\ud800"', b'"\\ud800a"', b'"\\udd1e\\ud834"',
    b'"\\uD83D\\u0041"', b'{"\\udfff":1}',
    # bytes that are no UTF-8
    b'"\x80"', b'"\xff"', b'"\xe9"', b'"\xc0\x80"', b'"\xc1\x81"', b'"\xe0\x80\x80"', b'"\xed\xa0\x80"',
    b'"\xed\xbf\xbf"',
    b'"\xf4\x90\x80\x80"', b'"\xf5\x80\x80\x80"', b'"\xe1\xba"', b'\xfe\xff\x00"', b"[\xff]", b'{"\xe9":1}',
    # other encodings
    b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"\xfe\xff\x00{\x00}", b"{\x00}\x00", b"\x00{\x00}",
    b"\x00\x00\x00{\x00\x00\x00}", b"\x1f\x8b\x08\x00", b"+AHs-",
    # space that is no space of JSON
    b"\x0c[]", b"\x0b[]", b"[\x0c]", "\u00a0[]".encode(), "[\u2003]".encode(), "[\u2060]".encode(),
    b"[]\x00", b"\x00[]", b"[]\x1a",
    # a key twice
    b'{"a":1,"a":1}', b'{"a":1,"b":2,"a":3}', b'{"":1,"":2}', b'[{"a":1,"a":2}]', b'{"a":{"b":1,"b":1}}',
    b'{"\\u0061":1,"a":2}', b'{"a":{},"a":{}}', b'{"a":1,"a":1,"a":1}',
    # too deep, too much
    b"[" * 66 + b"]" * 66, b'{"a":' * 66 + b"1" + b"}" * 66, b"[" * 100_000, b'[{"":' * 50_000,
    b"[" + b"0," * 60_000 + b"0]", b"[" * 300 + b"]" * 300, b"[" * 2000 + b"]" * 2000,
]  # fmt: skip


@pytest.mark.parametrize("body", TAKEN, ids=repr)
def test_taken(body: bytes) -> None:
    read = parse_json(body)
    assert read == TAKEN[body]
    assert type(read) is type(TAKEN[body])


@pytest.mark.parametrize("body", REFUSED, ids=lambda body: repr(body[:40]))
def test_refused(body: bytes) -> None:
    with pytest.raises(Problem) as raised:
        parse_json(body)
    problem = raised.value
    assert (problem.status, problem.kind) == (400, "malformed")
    says = problem.detail + "".join(error.detail for error in problem.errors)
    assert problem.errors or any(word in says for word in ("line", "byte", "levels", "values")), "it says where"
    json.dumps(problem.body()).encode()
    assert "utf-8-sig" not in says


_KEYS = st.text(st.characters(exclude_categories=("Cs",)), max_size=3)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**21), 10**21)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _KEYS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
)


def outcome(body: bytes) -> tuple[str, Any]:
    """What is read, with its type and spelling, or that it is refused."""
    try:
        value = parse_json(body)
    except Problem as problem:
        return "refused", (problem.detail, problem.errors)
    return "read", json.dumps(value)


@settings(max_examples=300, deadline=None)
@given(
    _VALUES, st.sampled_from([(",", ":"), (", ", ": ")]), st.integers(0, 10**6), st.sampled_from(list(b'0{}[],:"\\a9'))
)
@example({"a": 1}, (",", ":"), 0, 0x7B)
def test_both_readers_say_the_same(value: Any, separators: tuple[str, str], at: int, other: int) -> None:
    """Whole texts, and texts with one byte changed or one piece said twice."""
    whole = json.dumps(value, ensure_ascii=False, separators=separators, allow_nan=False).encode()
    spoiled = bytearray(whole)
    spoiled[at % len(whole)] = other
    doubled = whole.replace(b"{", b'{"k":1,"k":1,' if at % 2 else b'{"k":1,', 1)
    for body in (whole, bytes(spoiled), doubled):
        said = outcome(body)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(parsing, "_said_again", lambda _: None)
            assert outcome(body) == said, body


def test_a_body_as_programs_write_it_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "_STRICT", None)
    body = '{"a":[1,-2.5,true,null,"Cảng","\\n"],"b":{},"c":""}'.encode()
    assert parse_json(body) == {"a": [1, -2.5, True, None, "Cảng", "\n"], "b": {}, "c": ""}
