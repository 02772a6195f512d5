"""Facts of every type, drawn from the schemas themselves."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import strategies as st
from nsw_contracts.events import FACTS, Fact
from nsw_contracts.schemas import schema

LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
YEARS = datetime(1900, 1, 1), datetime(2999, 12, 30)  # noqa: DTZ001  # `Moment`'s bounds, which no schema can say


def from_schema(  # noqa: C901, PLR0911, PLR0912  # one case for each kind of schema
    document: dict[str, Any], node: dict[str, Any]
) -> st.SearchStrategy[Any]:
    """JSON that satisfies a schema of ours, by the keywords that our models make; lists are kept short."""
    match node:
        case {"$ref": str(reference)}:
            return from_schema(document, document["$defs"][reference.removeprefix("#/$defs/")])
        case {"enum": list(values)}:
            return st.sampled_from(values)
        case {"const": value}:
            return st.just(value)
        case {"anyOf": list(choices)}:
            return st.one_of(*(from_schema(document, choice) for choice in choices))
        case {"type": "null"}:
            return st.none()
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "integer"}:
            return st.integers(node.get("minimum", -(2**40)), node.get("maximum", 2**40))
        case {"format": "date-time"}:
            return st.datetimes(*YEARS, timezones=st.just(UTC)).map(lambda moment: moment.isoformat())
        case {"format": "date"}:
            return st.dates().map(lambda day: day.isoformat())
        case {"type": "string", "pattern": str(pattern)}:
            return st.from_regex(pattern, fullmatch=True).filter(lambda text: len(text) <= node.get("maxLength", 999))
        case {"type": "string"}:
            return st.text(LETTERS, min_size=node.get("minLength", 0), max_size=min(node.get("maxLength", 20), 20))
        case {"type": "array"}:
            least = node.get("minItems", 0)
            return st.lists(from_schema(document, node["items"]), min_size=least, max_size=least + 2)
        case {"type": "object", "properties": dict(properties)}:
            required = {name: from_schema(document, properties[name]) for name in node.get("required", ())}
            rest = {name: from_schema(document, inner) for name, inner in properties.items() if name not in required}
            return st.fixed_dictionaries(required, optional=rest)
        case {"type": "object"}:
            scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(LETTERS, max_size=5)
            return st.dictionaries(st.text(LETTERS, min_size=1, max_size=9), scalars | st.lists(scalars), max_size=3)
    raise AssertionError(f"no strategy for {node}")


@pytest.fixture(scope="session")
def facts() -> Callable[[str], st.SearchStrategy[Fact]]:
    """A strategy of facts for each fact type: with and without every optional property."""

    def of(fact_type: str) -> st.SearchStrategy[Fact]:
        document = schema(fact_type)
        return from_schema(document, document).map(FACTS[fact_type].model_validate)

    return of
