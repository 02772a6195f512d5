"""`nsw procedure advance`: a procedure's next stage, written into its pack, once its agencies have rehearsed it."""

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape

from nsw_cli import rehearsal_records
from nsw_cli.errors import CommandError
from nsw_cli.options import DEFAULT_FOLDER, AsJson, Folder
from nsw_cli.output import print_json, say
from nsw_cli.procedure_packs import Code, day

if TYPE_CHECKING:
    from nsw_procedures.pack import Pack

REHEARSED: Final = ("connected", "live")
"""The stages that ask for a green rehearsal with every agency of the procedure."""


def advance(
    code: Code,
    to: Annotated[str, typer.Option(help="testing, connected, live or retired.")],
    file: Annotated[
        Path | None, typer.Option(help="The pack's file.  [default: where the pack was found]", show_default=False)
    ] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="From this day.  [default: today in Viet Nam]")] = None,
    folder: Folder = DEFAULT_FOLDER,
    *,
    as_json: AsJson = False,
) -> None:
    """Write a procedure's next stage into its pack. Connected and live ask for green rehearsals."""
    from nsw_procedures.pack import STAGES  # noqa: PLC0415  # slow import
    from nsw_procedures.pack_file import PackError, parse_pack, read_pack  # noqa: PLC0415  # slow import

    begins = day(on)
    path = file or _file_of(code.upper())
    try:
        pack = read_pack(path)
    except (PackError, OSError) as error:
        raise CommandError(f"{path} cannot be used: {error}") from None
    if pack.code != code.upper():
        raise CommandError(f"{path} is the pack of {pack.code}")
    _refuse_leap(pack, to, STAGES, begins)
    if to in REHEARSED:
        _refuse_unrehearsed(folder, pack, to)
    text = _with_stage(path.read_text("utf-8"), to, begins)
    try:
        parse_pack(text, path.name)
    except PackError as error:
        raise CommandError(f"the pack would be wrong: {error.mistakes[0]}") from None
    path.write_text(text, "utf-8")
    if as_json:
        print_json({"procedure": pack.code, "stage": to, "on": begins.isoformat(), "file": str(path)})
    else:
        say(f"{pack.code} is {to} from {begins}. Changed {escape(str(path))}; services read it when they start.")


def _refuse_leap(pack: "Pack", to: str, stages: tuple[str, ...], begins: date) -> None:
    now = pack.life.stage(begins)
    if to not in stages:
        raise CommandError(f"--to: there is no stage {to}; there are {', '.join(stages)}")
    place = stages.index(now) if now else -1
    if to != "retired" and stages.index(to) != place + 1:
        after = stages[place + 1] if place + 1 < len(stages) else "nothing"
        raise CommandError(f"{pack.code} is {now or 'at no stage'} on {begins}; what follows is {after}")


def _refuse_unrehearsed(folder: Path, pack: "Pack", to: str) -> None:
    wrong = {agency: why for agency in pack.agencies if (why := rehearsal_records.lacking(folder, pack, agency))}
    if wrong:
        told = "; ".join(f"{agency}: {why}" for agency, why in wrong.items())
        raise CommandError(
            f"{pack.code} cannot be {to} yet. {told}. Rehearse it: nsw adapter rehearse ADAPTER --agency "
            f"{next(iter(wrong))} --procedure {pack.code}"
        )


def _file_of(code: str) -> Path:
    """The file of the procedure's last version."""
    from nsw_procedures.pack_file import read_pack  # noqa: PLC0415  # slow import
    from nsw_procedures.packs import pack_files  # noqa: PLC0415  # slow import

    named = [one for one in pack_files() if one.name.partition("@")[0].removesuffix(".yaml") == code]
    files = sorted((one for one in named if isinstance(one, Path)), key=lambda one: read_pack(one).effective_from)
    if not files:
        raise CommandError(f"the pack of {code} is no file that can be changed here; name it with --file")
    return files[-1]


def _with_stage(text: str, stage: str, begins: date) -> str:
    """The text with one more line in its `life:`, behind those that are there."""
    block = re.compile(r"^life:[^\n]*\n(?:[ \t]+[^\n]*\n)+", re.MULTILINE)
    found = block.search(text)
    if found is None:
        raise CommandError("the pack has no `life:` with a line for each stage; write the stage into it by hand")
    return f"{text[: found.end()]}  {stage}: {begins}\n{text[found.end() :]}"
