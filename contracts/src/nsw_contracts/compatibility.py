"""Whether two versions of one fact's JSON Schema read each other, both ways.

The journal keeps facts for years and services are released one by one, so a schema must be backward
compatible (the new reader reads old facts) *and* forward compatible (the old reader reads new facts). Between
such schemas only this may differ: descriptions, the names under `$defs`, and properties that are new and not
required. Every other difference is refused, a keyword this module has never seen among them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]
"""A JSON Schema (draft 2020-12) as parsed JSON. References point into the same document (`#/$defs/...`)."""

_ANNOTATIONS: Final = frozenset({"$schema", "$comment", "$defs", "title", "description", "examples", "deprecated"})
"""Keywords that no reader acts upon."""

_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Finding:
    """One incompatible difference.

    `pointer` is the JSON Pointer (RFC 6901) of the keyword or property: in the old schema where something is
    gone, else in the new one. `reason` says what changed and who could not read whom.
    """

    pointer: str
    reason: str

    def __str__(self) -> str:
        return f"{self.pointer}: {self.reason}"


def incompatibilities(old: Schema, new: Schema) -> tuple[Finding, ...]:
    """What keeps readers of `old` and of `new` from reading each other's facts; empty when nothing does.

    Raises:
        ValueError: a `$ref` does not point to a schema of its own document.
    """
    return tuple(dict.fromkeys(_Comparison(old, new).node("", "")))


@dataclass(frozen=True, slots=True)
class _Place:
    """A value and where it stands in its document."""

    value: Any
    pointer: str


class _Comparison:
    """One walk over two documents. Each pair of places is walked once, so recursive schemas end."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str]] = set()

    def node(self, old_pointer: str, new_pointer: str) -> Iterator[Finding]:
        """The findings in one pair of subschemas."""
        if (old_pointer, new_pointer) in self._seen:
            return
        self._seen.add((old_pointer, new_pointer))
        old = _keywords(self._old, old_pointer)
        new = _keywords(self._new, new_pointer)
        for name in sorted((old.keys() | new.keys()) - _ANNOTATIONS):
            before = old.get(name) or _Place(_ABSENT, f"{old_pointer}/{_escape(name)}")
            after = new.get(name) or _Place(_ABSENT, f"{new_pointer}/{_escape(name)}")
            yield from self._keyword(name, before, after)
        if new_names := _names(new) - _names(old):
            yield from _closed(old, new, new_names)

    def _keyword(self, name: str, old: _Place, new: _Place) -> Iterator[Finding]:
        match name:
            case "properties":
                yield from self._properties(old, new)
            case "required":
                yield from _required(old, new)
            case "enum":
                yield from _enum(old, new)
            case "anyOf" | "oneOf" | "allOf" | "prefixItems" if _same_length(old, new):
                for index in range(len(new.value)):
                    yield from self.node(f"{old.pointer}/{index}", f"{new.pointer}/{index}")
            case "items" | "additionalProperties" | "not" if _both_schemas(old, new):
                yield from self.node(old.pointer, new.pointer)
            case _ if not _same(old.value, new.value):
                yield Finding(
                    (old if new.value is _ABSENT else new).pointer,
                    f"{name} was {_show(old.value)} and is {_show(new.value)}; {_WHY.get(name, _CHANGED)}",
                )

    def _properties(self, old: _Place, new: _Place) -> Iterator[Finding]:
        before: Schema = {} if old.value is _ABSENT else old.value
        after: Schema = {} if new.value is _ABSENT else new.value
        for name in before:
            if name in after:
                yield from self.node(f"{old.pointer}/{_escape(name)}", f"{new.pointer}/{_escape(name)}")
            else:
                yield Finding(
                    f"{old.pointer}/{_escape(name)}",
                    "the property was removed or renamed; readers of the old schema miss it in new facts, and"
                    " readers of the new one drop it from old facts",
                )


_CHANGED: Final = "facts that one side writes are not what the other side accepts"
_WHY: Final = {"default": "a fact without this property would mean two things, by the reader's release"}


def _required(old: _Place, new: _Place) -> Iterator[Finding]:
    before = set() if old.value is _ABSENT else set(old.value)
    after = set() if new.value is _ABSENT else set(new.value)
    for name in sorted(after - before):
        yield Finding(
            _property_beside(new, name),
            "the property became required; facts written without it cannot be read any more",
        )
    for name in sorted(before - after):
        yield Finding(
            _property_beside(old, name),
            "the property is no longer required; readers of the old schema refuse facts written without it",
        )


def _enum(old: _Place, new: _Place) -> Iterator[Finding]:
    """An enumeration is a set: its order says nothing, each value gained or lost breaks one side."""
    if old.value is _ABSENT or new.value is _ABSENT:
        yield Finding((old if new.value is _ABSENT else new).pointer, f"enum appeared or went; {_CHANGED}")
        return
    for value in old.value:
        if value not in new.value:
            yield Finding(new.pointer, f"enum lost {value!r}; readers of the new schema refuse old facts with it")
    for value in new.value:
        if value not in old.value:
            yield Finding(new.pointer, f"enum gained {value!r}; readers of the old schema refuse new facts with it")


def _closed(old: Mapping[str, _Place], new: Mapping[str, _Place], names: set[str]) -> Iterator[Finding]:
    """New properties where the old schema does not simply ignore what it does not know."""
    extra = old.get("additionalProperties")
    if extra is not None and extra.value is not True:
        for name in sorted(names):
            yield Finding(
                f"{new['properties'].pointer}/{_escape(name)}",
                "the property is new where the old schema rules unknown ones; its readers may refuse it",
            )


def _names(keywords: Mapping[str, _Place]) -> set[str]:
    return set(keywords["properties"].value) if "properties" in keywords else set()


def _keywords(document: Schema, pointer: str) -> dict[str, _Place]:
    """The keywords in force at a place and where each stands; those beside a `$ref` override those behind it.

    Raises:
        ValueError: as `incompatibilities`.
    """
    node = _at(document, pointer)
    if isinstance(node, bool):  # the two boolean schemas: anything, nothing
        node = {} if node else {"not": True}
    found = {name: _Place(value, f"{pointer}/{_escape(name)}") for name, value in node.items() if name != "$ref"}
    if "$ref" in node:
        reference = node["$ref"]
        if not reference.startswith("#/") or reference[1:] == pointer:
            raise ValueError(f"$ref {reference!r} at {pointer!r} does not lead into the schema's own $defs")
        return {**_keywords(document, reference[1:]), **found}
    return found


def _at(document: Schema, pointer: str) -> Any:
    node: Any = document
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        try:
            node = node[int(key)] if isinstance(node, list) else node[key]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise ValueError(f"{pointer!r} points to nothing in this schema") from error
    return node


def _property_beside(required: _Place, name: str) -> str:
    return f"{required.pointer.removesuffix('/required')}/properties/{_escape(name)}"


def _same_length(old: _Place, new: _Place) -> bool:
    return isinstance(old.value, list) and isinstance(new.value, list) and len(old.value) == len(new.value)


def _both_schemas(old: _Place, new: _Place) -> bool:
    return isinstance(old.value, Mapping) and isinstance(new.value, Mapping)


def _same(old: Any, new: Any) -> bool:
    """Equality of JSON: to Python `True == 1`, to JSON they differ."""
    return bool(old == new) and (isinstance(old, bool) == isinstance(new, bool))


def _show(value: Any) -> str:
    return "absent" if value is _ABSENT else repr(value)


def _escape(token: str) -> str:
    return token.replace("~", "~0").replace("/", "~1")
