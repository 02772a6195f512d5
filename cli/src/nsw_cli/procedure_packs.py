"""What the `nsw procedure` commands share: the packs known here, a procedure among them, and the day asked for."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from nsw_cli.errors import CommandError

if TYPE_CHECKING:
    from nsw_procedures.pack import Pack
    from nsw_procedures.packs import Packs

Code = Annotated[str, typer.Argument(help="The procedure's code, such as BYTE0500009.")]
Day = Annotated[
    str | None, typer.Option("--on", metavar="DATE", help="As on this day, 2026-03-31.  [default: today in Viet Nam]")
]


def known() -> "Packs":
    """All packs, those of entry points included.

    Raises:
        CommandError: one of them cannot be used.
    """
    from nsw_procedures.pack_file import PackError  # noqa: PLC0415  # slow import
    from nsw_procedures.packs import packs  # noqa: PLC0415  # slow import

    try:
        return packs()
    except PackError as error:
        first, more = error.mistakes[0], len(error.mistakes) - 1
        also = f", and {more} more" if more else ""
        raise CommandError(f"the packs cannot be used: {first}{also}. `nsw procedure check` lists it all") from None


def versions_of(packs: "Packs", code: str) -> "tuple[Pack, ...]":
    """Every version of a procedure, the oldest first.

    Raises:
        CommandError: there is no such procedure.
    """
    versions = packs.versions(code.upper())
    if not versions:
        raise CommandError(f"no procedure has the code {code}. `nsw procedure list --text …` finds them by words")
    return versions


def version_of(versions: "tuple[Pack, ...]", version: str) -> "Pack":
    """One of a procedure's versions.

    Raises:
        CommandError: there is no such version.
    """
    for pack in versions:
        if pack.version == version:
            return pack
    there = ", ".join(pack.version for pack in versions)
    raise CommandError(f"{versions[0].code} has no version {version}; there are {there}")


def day(text: str | None) -> date:
    """The local day that `--on` names, or today.

    Raises:
        CommandError: it names none.
    """
    if text is None:
        from nsw_procedures.calendar import local_day  # noqa: PLC0415  # slow import

        return local_day(datetime.now(UTC))
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--on {text!r} is no day: write it as 2026-03-31") from None
