"""NUL is found in JSON exactly where its reader would find it."""

import json

from hypothesis import example, given
from hypothesis import strategies as st
from nsw_runtime.text import holds_nul

ODD = st.text(st.sampled_from('\\u0001"x\x00\n'), max_size=12) | st.text(max_size=8)
VALUES = st.recursive(ODD | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(ODD, inner))


def strings(value) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*value, *(text for item in value.values() for text in strings(item))]
    return [text for item in value for text in strings(item)] if isinstance(value, list) else []


@given(VALUES)
@example("\\u0000")
@example("\\\x00")
@example("\\\\u0000\x00")
def test_it_is_found_exactly_where_it_is(value) -> None:
    expected = any("\x00" in text for text in strings(value))
    assert holds_nul(json.dumps(value).encode()) is expected
    assert holds_nul(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")) is expected
