"""What differs between two versions of a procedure, field by field.

List items are told apart by what names them (a document's kind, a fee's code), not by where they stand, so that one
more document is one addition. Items without a name are compared as a set: only `added` and `removed` are said of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

Change = Literal["added", "removed", "changed"]


class Difference(NamedTuple):
    """One difference at a path such as `documents/health-certificate/required`; None where a side has nothing."""

    path: str
    change: Change
    old: Any
    new: Any


_NAMED_BY: Final = (("kind",), ("code",), ("document",), ("tells",), ("type", "function"), ("name",))
_ABSENT: Final = object()


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """All differences between two packs as `pack_json.whole` gives them, in the order of the packs' fields."""
    return list(_of_mappings("", old, new))


def _of_mappings(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for key in dict.fromkeys([*old, *new]):
        place = f"{path}/{key}" if path else str(key)
        yield from _of(place, old.get(key, _ABSENT), new.get(key, _ABSENT))


def _of(path: str, old: Any, new: Any) -> Iterator[Difference]:
    if old == new and type(old) is type(new):
        return
    if old is _ABSENT:
        yield Difference(path, "added", None, new)
    elif new is _ABSENT:
        yield Difference(path, "removed", old, None)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _of_mappings(path, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _of_lists(path, old, new)
    else:
        yield Difference(path, "changed", old, new)


def _of_lists(path: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Difference]:
    named_old, named_new = _by_name(old), _by_name(new)
    if named_old is not None and named_new is not None:
        before = list(_of_mappings(path, named_old, named_new))
        yield from before or [Difference(path, "changed", list(named_old), list(named_new))]  # only their order
        return
    removed = [item for item in old if item not in new]
    added = [item for item in new if item not in old]
    yield from (Difference(path, "removed", item, None) for item in removed)
    yield from (Difference(path, "added", None, item) for item in added)
    if not removed and not added:
        yield Difference(path, "changed", list(old), list(new))


def _by_name(items: Sequence[Any]) -> dict[str, Any] | None:
    """The items by what names them; None where nothing does, or two have the same name."""
    if not all(isinstance(item, Mapping) for item in items):
        return None
    for fields in _NAMED_BY:
        if all(field in item for item in items for field in fields):
            found = {" ".join(_name(item[field]) for field in fields): item for item in items}
            if len(found) == len(items):
                return found
    return None


def _name(value: Any) -> str:
    return str(value["en"]) if isinstance(value, Mapping) and "en" in value else str(value)
