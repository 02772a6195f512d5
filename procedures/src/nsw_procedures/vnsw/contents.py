"""Each procedure's contents, read once from `contents/<CODE>.yaml`: which element each type and function brings."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import yaml

from nsw_procedures.vnsw.schema import Element, element

Contents = Mapping[tuple[str, str], Element]
"""The content's element by the message's type and function."""

_FOLDER: Final = files(__package__) / "contents"


@cache
def contents(procedure: str) -> Contents:
    """The contents of a procedure's messages; empty where they are not known."""
    file = _FOLDER / f"{procedure}.yaml"
    if not procedure.isalnum() or not file.is_file():
        return {}
    found: dict[tuple[str, str], Element] = {}
    for block in yaml.safe_load(file.read_text(encoding="utf-8")):
        ((name, value),) = block["content"].items()
        of = element(name, value)
        for message in block["messages"]:
            kind, _, function = message.partition("/")
            found[kind, function] = of
    return found
