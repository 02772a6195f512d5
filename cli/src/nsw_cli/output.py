"""How the commands speak: results on standard output, progress and asides on standard error."""

import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPED_WIDTH: Final = 160  # columns, where nobody says how wide a line may be

out: Final = Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
err: Final = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else PIPED_WIDTH)


def say(text: str) -> None:
    """A line of the result, with rich's markup, as long as it is."""
    out.print(text, soft_wrap=True)


def print_json(value: Any, *, indent: int | None = 1) -> None:
    """One JSON document; times as RFC 3339."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=indent, default=_as_text) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table. A column `#name` holds numbers, `~name` long text that may wrap. Cells are text, never markup."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(
            column.lstrip("#~"),
            justify="right" if column.startswith("#") else "left",
            no_wrap=not column.startswith("~"),
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    out.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value)


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def command() -> str:
    """How this command is typed from here: its name where the shell finds it, else its path."""
    found, here = shutil.which("nsw"), Path(sys.argv[0]).resolve()
    if found is not None and Path(found).resolve() == here:
        return "nsw"
    return os.path.relpath(here) if here.name == "nsw" else "nsw"
