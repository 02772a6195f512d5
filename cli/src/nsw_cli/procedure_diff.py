"""`nsw procedure diff`: what a new version of a procedure changes, field by field."""

import json
from typing import Annotated, Any

import typer
from rich.markup import escape

from nsw_cli.errors import CommandError
from nsw_cli.options import AsJson
from nsw_cli.output import print_json, say
from nsw_cli.procedure_packs import Code, known, version_of, versions_of


def diff(
    code: Code,
    old: Annotated[str | None, typer.Argument(help="[default: the last version but one]", show_default=False)] = None,
    new: Annotated[str | None, typer.Argument(help="[default: the last version]", show_default=False)] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Compare two versions of a procedure."""
    from nsw_procedures.compare import differences  # noqa: PLC0415  # slow import
    from nsw_procedures.pack_json import whole  # noqa: PLC0415  # slow import

    versions = versions_of(known(), code)
    if old is None and len(versions) == 1:
        raise CommandError(f"{versions[0].code} has one version only, {versions[0].version}: nothing to compare")
    before = versions[-2] if old is None else version_of(versions, old)
    after = versions[-1] if new is None else version_of(versions, new)
    found = differences(whole(before), whole(after))
    if as_json:
        changes = [one._asdict() for one in found]
        print_json({"code": after.code, "old": before.version, "new": after.version, "differences": changes})
        return
    say(f"[bold]{after.code}[/] {before.version} → {after.version}")
    for one in found:
        if one.change == "changed":
            say(f"[yellow]changed[/] {escape(one.path)}: {escape(_text(one.old))} → {escape(_text(one.new))}")
        elif one.change == "added":
            say(f"[green]added[/]   {escape(one.path)}: {escape(_text(one.new))}")
        else:
            say(f"[red]removed[/] {escape(one.path)}: {escape(_text(one.old))}")
    if not found:
        say("Nothing differs.")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
