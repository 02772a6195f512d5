"""`nsw procedure new`: a pack to begin with, or an existing procedure's next version. Never overwrites a file."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from nsw_cli.errors import CommandError
from nsw_cli.output import say
from nsw_cli.procedure_packs import Code, day, known, version_of, versions_of
from nsw_cli.procedure_template import TEMPLATE

if TYPE_CHECKING:
    from nsw_procedures.pack import Pack
    from nsw_procedures.packs import Packs


def new(
    code: Code,
    agency: Annotated[str, typer.Option(help="The lead agency, such as BYTE. Not needed with --from.")] = "",
    folder: Annotated[Path, typer.Option("--out", help="Where to write the file.")] = Path(),
    source: Annotated[
        str, typer.Option("--from", metavar="CODE[@VERSION]", help="Begin with this procedure, or its next version.")
    ] = "",
) -> None:
    """Write a pack to fill in: of a new procedure, of one like another, or the next version of one there is."""
    code, agency, packs, today = code.upper(), agency.upper(), known(), day(None)
    source_code, _, source_version = source.upper().partition("@")
    if code in packs and source_code != code:
        raise CommandError(f"{code} exists. Its next version: nsw procedure new {code} --from {code}")
    name = f"{code}.yaml"
    if not source:
        if not agency:
            raise CommandError("name the lead agency with --agency, or a procedure to begin with by --from")
        text = TEMPLATE.format(code=code, agency=agency, today=today, year=today.year)
    else:
        versions = versions_of(packs, source_code)
        old = version_of(versions, source_version) if source_version else versions[-1]
        text = _text(old)
        if code == source_code:
            if agency not in ("", old.lead_agency):
                raise CommandError(f"{code} is led by {old.lead_agency}; leave --agency out, and change it in the file")
            version, begins = _next(versions[-1], today)
            text = _with(_with(text, "version", f'"{version}"'), "effective_from", f"{begins}  # set it")
            name = f"{code}@{version}.yaml"
        else:
            text = _like(text, old, code, agency or old.lead_agency, today)
    _refuse_wrong(packs, text, name)
    _write(folder / name, text)


def _next(last: "Pack", today: date) -> tuple[str, date]:
    """The version after the last one, and a day that is later than it and than today."""
    begins = max(last.effective_from, today) + timedelta(days=1)
    year, serial = map(int, last.version.split("."))
    return (f"{begins.year}.1" if begins.year > year else f"{year}.{serial + 1}"), begins


def _like(text: str, old: "Pack", code: str, agency: str, today: date) -> str:
    """The old procedure's text for another one, whose life begins today."""
    text = re.sub(rf"\b{old.code}\b", code, text)
    text = re.sub(rf"\b{old.lead_agency}\b", agency, text)
    text = _with(_with(text, "version", f'"{today.year}.1"'), "effective_from", str(today))
    return _with(text, "life", f"\n  agreeing: {today}")


def _text(pack: "Pack") -> str:
    """The file of a pack, comments and all."""
    from nsw_procedures.pack_file import read_pack  # noqa: PLC0415  # slow import
    from nsw_procedures.packs import pack_files  # noqa: PLC0415  # slow import

    names = {f"{pack.code}.yaml", f"{pack.code}@{pack.version}.yaml"}
    for file in pack_files():
        if file.name in names and read_pack(file).version == pack.version:
            return file.read_text(encoding="utf-8")
    raise CommandError(f"the file of {pack.code} {pack.version} is not there any more")


def _with(text: str, key: str, value: str) -> str:
    """The text with another value of a field at the top of the pack."""
    between = "" if value.startswith("\n") else " "
    block = re.compile(rf"^{key}:.*\n(?:[ \t].*\n)*", re.MULTILINE)  # the key's line and those indented below it
    changed, found = block.subn(lambda _: f"{key}:{between}{value}\n", text, count=1)
    if not found:
        raise CommandError(f"the pack to begin with has no line `{key}:` of its own; copy it by hand")
    return changed


def _refuse_wrong(packs: "Packs", text: str, name: str) -> None:
    """What is written must be well at once, also beside the packs there are."""
    from nsw_procedures.pack_file import PackError, parse_pack  # noqa: PLC0415  # slow import
    from nsw_procedures.packs import Packs  # noqa: PLC0415  # slow import

    try:
        pack = parse_pack(text, name)
        Packs([*((f"{pack.code}@{one.version}.yaml", one) for one in packs.versions(pack.code)), (name, pack)])
    except PackError as error:
        raise CommandError(
            f"no pack can be made of this: {error.mistakes[0].field}: {error.mistakes[0].says}"
        ) from None


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise CommandError(
            f"{file} exists and is left as it is; move it away, or name another folder by --out"
        ) from None
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}; name another folder by --out") from None
    say(f"Wrote {escape(str(file))}. Fill it in, then: nsw procedure check {escape(str(file))}")
