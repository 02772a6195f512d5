"""One pack from one YAML file; whatever is wrong with it is told with its file, line and field.

Stricter than YAML: a key may stand once only. `01` without quotes is a number, and the error says to quote it.
"""

from collections.abc import Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from nsw_procedures.pack import Pack

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as Loader  # type: ignore[assignment]


class Mistake(NamedTuple):
    """One thing wrong in a pack's file: the line (from 1) and the field (`documents/0/kind`) it stands at."""

    file: str
    line: int
    field: str
    says: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field or 'the pack'}: {self.says}"


class PackError(ValueError):
    """A pack that cannot be used; `mistakes` says all that is wrong with it."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, mistakes)))


def read_pack(file: Path | Traversable) -> Pack:
    """The pack in a file.

    Raises:
        PackError: it cannot be read, or is not a pack; every mistake that was found is in it.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PackError([Mistake(str(file), 1, "", f"cannot be read: {error}")]) from None
    return parse_pack(text, str(file))


def parse_pack(text: str, file: str) -> Pack:
    """The pack in a text; `file` is what the errors call it.

    Raises:
        PackError: as `read_pack`.
    """
    loader = Loader(text)
    try:
        root = loader.get_single_node()
        twice = list(_keys_twice(root, ""))
        value = loader.construct_document(root) if root is not None else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PackError([Mistake(file, line, "", f"this is not YAML: {error.problem}")]) from None
    except yaml.YAMLError as error:  # such as a control character
        raise PackError([Mistake(file, 1, "", f"this is not YAML: {error}")]) from None
    except ValueError as error:  # such as a date that does not exist
        raise PackError([Mistake(file, 1, "", f"a value cannot be read: {error}")]) from None
    finally:
        loader.dispose()
    if twice:
        raise PackError([Mistake(file, line, field, "stands twice; leave one") for line, field in twice])
    try:
        return Pack.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False)
        # A list whose items are wrong is also said to be too short; the items say enough.
        around = {one["loc"][:length] for one in found for length in range(1, len(one["loc"]))}
        mistakes = []
        for one in [one for one in found if one["loc"] not in around]:
            loc = [part for part in (*one["loc"], *one.get("ctx", {}).get("place", ())) if part != "[key]"]
            field = "/".join(map(str, loc))
            mistakes.append(Mistake(file, _line(root, loc), field, _says(one["type"], one["msg"], one["input"])))
        raise PackError(sorted(mistakes, key=lambda mistake: mistake.line)) from None


def line_of(file: Path | Traversable, field: str) -> int:
    """The line at which a field (`examples/0/story/1`) of a readable pack stands, or the nearest thing around it."""
    loader = Loader(file.read_text(encoding="utf-8"))
    try:
        return _line(loader.get_single_node(), [int(part) if part.isdecimal() else part for part in field.split("/")])
    finally:
        loader.dispose()


def _says(kind: str, message: str, value: Any) -> str:
    if kind == "extra_forbidden":
        return "no such field in a pack; look for a slip of the pen"
    if kind == "string_type" and isinstance(value, (int, float)):
        return f"must be text: put it in quotes, and check that no zero was lost ({value!r} was read)"
    return message


def _keys_twice(node: yaml.Node | None, place: str) -> Any:
    """(line, field) of each key that stands twice."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            field = f"{place}/{name}" if place else name
            if name in seen:
                yield key.start_mark.line + 1, field
            seen.add(name)
            yield from _keys_twice(value, field)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _keys_twice(value, f"{place}/{index}")


def _line(node: yaml.Node | None, loc: Sequence[Any]) -> int:
    """The line of a field, or of the nearest thing around it that is there."""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in loc:
        found = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if str(key.value) == str(part):
                    found, line = value, key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = node.value[part]
            line = found.start_mark.line + 1
        if found is None:
            return line
        node = found
    return line
