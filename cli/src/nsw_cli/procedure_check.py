"""`nsw procedure check`: what is wrong with packs, one line a mistake: file, line, field, what to do."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from nsw_cli.errors import FOUND_WRONG, CommandError
from nsw_cli.options import AsJson
from nsw_cli.output import err, out, print_json, say

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from nsw_procedures.pack import Pack
    from nsw_procedures.pack_file import Mistake

CALENDAR_DAYS: Final = 90
"""So long before its end the calendar is to be continued: the State announces the next year's holidays in autumn."""


def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE|FOLDER]...", help="Only these.  [default: all packs known]", show_default=False),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Check packs by themselves and against each other. Exit code 1 if anything is wrong."""
    from nsw_procedures.calendar import calendar_ends, local_day  # noqa: PLC0415  # slow import
    from nsw_procedures.packs import pack_files  # noqa: PLC0415  # slow import

    files = list(_below(paths)) if paths else list(pack_files())
    count, mistakes = _mistakes(files)
    warnings = list(_warnings(calendar_ends(), local_day(datetime.now(UTC))))
    if as_json:
        found = [mistake._asdict() for mistake in mistakes]
        print_json({"ok": not mistakes, "packs": count, "mistakes": found, "warnings": warnings})
    else:
        for mistake in mistakes:
            out.print(str(mistake), markup=False, soft_wrap=True)
        for warning in warnings:
            err.print(f"warning: {warning}", markup=False, soft_wrap=True)
        if not mistakes:
            say(f"Packs checked: {count:,}. Nothing is wrong.")
    if mistakes:
        raise typer.Exit(FOUND_WRONG)


def _below(paths: Iterable[Path]) -> Iterator[Path]:
    """Each file once: those named, and every `.yaml` below the folders named."""
    found: dict[Path, Path] = {}
    for path in paths:
        if not path.exists():
            raise CommandError(f"there is no {path}: name files or folders of packs, or nothing for all packs known")
        files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
        if not files:
            raise CommandError(f"there is no .yaml file in {path}")
        for file in files:
            found.setdefault(file.resolve(), file)
    yield from found.values()


def _mistakes(files: "Iterable[Path | Traversable]") -> "tuple[int, list[Mistake]]":
    """How many files there are, and all that is wrong in and between them."""
    from nsw_procedures.example_check import example_faults  # noqa: PLC0415  # slow import
    from nsw_procedures.pack_file import Mistake, PackError, line_of, read_pack  # noqa: PLC0415  # slow import
    from nsw_procedures.packs import Packs  # noqa: PLC0415  # slow import
    from nsw_procedures.vnsw.pack_check import message_faults  # noqa: PLC0415  # slow import

    count = 0
    read: list[tuple[str, Pack]] = []
    mistakes: list[Mistake] = []
    for file in files:
        count += 1
        try:
            pack = read_pack(file)
        except PackError as error:
            mistakes += error.mistakes
            continue
        read.append((str(file), pack))
        found = [*example_faults(pack), *message_faults(pack)]
        mistakes += [Mistake(str(file), line_of(file, field), field, says) for field, says in found]
    try:
        Packs(read)
    except PackError as error:
        mistakes += error.mistakes
    return count, mistakes


def _warnings(calendar_ends: date, today: date) -> Iterator[str]:
    left = (calendar_ends - today).days
    if left < CALENDAR_DAYS:
        yield (
            f"the calendar of working days ends on {calendar_ends}, in {left} days: "
            "deadlines after it cannot be told; add the next year's holidays"
        )
