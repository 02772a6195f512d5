"""`nsw adapter rehearse`: a pack's examples through an adapter and its test agency, compared with their stories."""

import inspect
from typing import TYPE_CHECKING, Annotated

import typer

from nsw_cli import rehearsal_records
from nsw_cli.errors import FOUND_WRONG, CommandError
from nsw_cli.options import DEFAULT_FOLDER, AsJson, Folder
from nsw_cli.output import print_json, print_table, say
from nsw_cli.procedure_packs import day, known, versions_of

if TYPE_CHECKING:
    from nsw_contracts.adapter.conformance import Rig
    from nsw_procedures.pack import Pack


def rehearse(
    name: Annotated[str, typer.Argument(help="The adapter.")],
    agency: Annotated[str, typer.Option(help="The agency to play.  [default: the rig's own]")] = "",
    procedure: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these procedures.  [default: all of the agency that have examples]", show_default=False
        ),
    ] = None,
    folder: Folder = DEFAULT_FOLDER,
    *,
    as_json: AsJson = False,
) -> None:
    """Live the packs' examples through an adapter and its test agency, and write down how it went.

    Exit code 1 where an example went another way than its story. `nsw procedure advance` asks for green rehearsals.
    """
    from nsw_cli.rehearsing import rehearse as run  # noqa: PLC0415  # slow import

    rig = _rig(name, agency)
    done = []
    for rehearsal in run(rig, _packs(rig, procedure or [])):
        rehearsal_records.write(folder, rehearsal)
        done.append(rehearsal)
    if as_json:
        print_json([one.as_json() for one in done])
    else:
        rows = [
            (one.procedure, one.agency, lived.messages, lived.words, "as told" if not lived.says else lived.says)
            for one in done
            for lived in one.lived
        ]
        print_table(("procedure", "agency", "#messages", "#words", "~how it went"), rows)
        green = sum(one.green for one in done)
        say(f"{green} of {len(done)} procedures went as their examples tell. Written to {folder}/rehearsals.")
    if not all(one.green for one in done):
        raise typer.Exit(FOUND_WRONG)


def _rig(name: str, agency: str) -> "Rig":
    from nsw_contracts.adapter.conformance.rig import rig_factory  # noqa: PLC0415  # slow import
    from nsw_contracts.adapter.errors import AdapterError  # noqa: PLC0415  # slow import

    try:
        make = rig_factory(name)
    except AdapterError as error:
        raise CommandError(str(error)) from error
    if agency and "agency" in inspect.signature(make).parameters:
        return make(agency=agency.upper())
    rig = make()
    if agency and agency.upper() != rig.agency:
        raise CommandError(f"the test agency of {name} plays {rig.agency} and no other; leave --agency out")
    return rig


def _packs(rig: "Rig", wanted: list[str]) -> "list[Pack]":
    packs, today = known(), day(None)
    for code in wanted:
        versions_of(packs, code)
    codes = {code.upper() for code in wanted} or set(packs)
    names = rig.adapter.manifest.procedures
    found = [
        pack
        for code, pack in packs.on(today).items()
        if code in codes and rig.agency in pack.agencies and pack.examples and (not names or code in names)
    ]
    if not found:
        raise CommandError(
            f"no such procedure with examples has a part for {rig.agency}. `nsw procedure list` lists them"
        )
    return found
