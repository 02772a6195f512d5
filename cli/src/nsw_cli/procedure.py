"""`nsw procedure`: the procedures as the packs state them, for those who file, and for those who write packs."""

import re
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from nsw_cli.errors import CommandError
from nsw_cli.options import AsJson
from nsw_cli.output import print_json, print_table, say
from nsw_cli.procedure_advance import advance
from nsw_cli.procedure_check import check
from nsw_cli.procedure_diff import diff
from nsw_cli.procedure_example import example
from nsw_cli.procedure_new import new
from nsw_cli.procedure_packs import Day, day, known
from nsw_cli.procedure_show import show

if TYPE_CHECKING:
    from nsw_procedures.pack import Stage

app = typer.Typer(no_args_is_help=True, help="The procedures, and the packs they are written in.")


@app.command("list")
def list_procedures(
    agency: Annotated[str, typer.Option(help="Led or coordinated by this agency, such as BYTE.")] = "",
    stage: Annotated[str, typer.Option(help="At this stage: agreeing, testing, connected, live or retired.")] = "",
    text: Annotated[str, typer.Option(help="Words of the code or the names, with or without accents.")] = "",
    hs: Annotated[str, typer.Option("--hs", help="About goods of this HS code, or of its first digits.")] = "",
    on: Day = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List procedures, each in its version of the day."""
    from nsw_procedures.pack_json import summary  # noqa: PLC0415  # slow import
    from nsw_procedures.search import Index, Query  # noqa: PLC0415  # slow import

    _refuse_unknown(agency.upper(), stage, hs)
    packs, today = known(), day(on)
    query = Query(text=text, hs=hs, agency=agency.upper(), stage=cast("Stage", stage) if stage else None)
    found = [summary(pack, today) for pack in Index(packs).find(query, today)]
    if as_json:
        print_json(found)
    elif found:
        print_table(("code", "agencies", "status", "version", "from", "~name"), (_row(one) for one in found))
        say(f"{len(found):,} of {len(packs):,} procedures, as on {today}. One in full: nsw procedure show CODE")
    else:
        say("No procedure fits. Fewer words or a shorter HS code find more.")


def _refuse_unknown(agency: str, stage: str, hs: str) -> None:
    from nsw_contracts.topics import AGENCIES  # noqa: PLC0415  # slow import
    from nsw_procedures.pack import STAGES  # noqa: PLC0415  # slow import
    from nsw_procedures.search import HS_PREFIX  # noqa: PLC0415  # slow import

    if agency and agency not in AGENCIES:
        raise CommandError(f"--agency: there is no agency {agency}; there are {', '.join(AGENCIES)}")
    if stage and stage not in STAGES:
        raise CommandError(f"--stage: there is no stage {stage}; there are {', '.join(STAGES)}")
    if hs and not re.search(HS_PREFIX, hs, re.ASCII):
        raise CommandError(f"--hs {hs!r} is no HS code: give 2 to 10 digits")


def _row(one: dict[str, Any]) -> tuple[Any, ...]:
    name = one["names"]["en"] + (" (placeholder)" if one["placeholder"] else "")
    agencies = " ".join((one["lead_agency"], *one["coordinating_agencies"]))
    return one["code"], agencies, one["status"], one["version"], one["effective_from"], name


app.command()(show)
app.command()(example)
app.command()(check)
app.command()(diff)
app.command()(new)
app.command()(advance)
