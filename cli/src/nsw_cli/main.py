"""The `nsw` command: what commands there are. Each group of them has a file of its own."""

from importlib.metadata import version
from typing import Annotated, Final

import typer

from nsw_cli import (
    adapter,
    agency,
    certificate,
    desk,
    documents,
    dossier,
    inspection,
    journal,
    parked,
    procedure,
    quarantine,
    receipt,
    registration,
    stream,
)
from nsw_cli.demo import demo
from nsw_cli.doctor import doctor
from nsw_cli.errors import ReportingGroup
from nsw_cli.install_command import install_command
from nsw_cli.replay import replay
from nsw_cli.status import status
from nsw_cli.submit import submit
from nsw_cli.token import token
from nsw_cli.up import down, up
from nsw_cli.watch import watch

RUN: Final = "Run it"
FILE: Final = "File with it"
DECIDE: Final = "Decide with it"
LOOK: Final = "Look into it, and mend it"
OPERATE: Final = "Operate it"

app = typer.Typer(
    name="nsw",
    cls=ReportingGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,  # they would show passwords
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"nsw {version('nsw-cli')}")
        raise typer.Exit


@app.callback(epilog="Begin with `nsw demo`. Something is wrong? `nsw doctor` says what, and the next step.")
def nsw(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """The National Single Window: businesses file one dossier, agencies decide, businesses hear back."""


for command in (demo, up, down, status, replay, token, doctor):
    app.command(rich_help_panel=RUN)(command)
app.command(rich_help_panel=FILE)(submit)
app.command(rich_help_panel=FILE)(watch)
app.add_typer(dossier.app, name="dossier", rich_help_panel=FILE)
app.add_typer(receipt.app, name="receipt", rich_help_panel=FILE)
app.add_typer(certificate.app, name="certificate", rich_help_panel=FILE)
app.add_typer(procedure.app, name="procedure", rich_help_panel=FILE)
app.add_typer(inspection.app, name="inspection", rich_help_panel=LOOK)
app.add_typer(documents.app, name="documents", rich_help_panel=LOOK)
app.add_typer(adapter.app, name="adapter", rich_help_panel=OPERATE)
app.add_typer(agency.app, name="agency", rich_help_panel=LOOK)
app.add_typer(desk.app, name="desk", rich_help_panel=DECIDE)
app.add_typer(stream.app, name="stream", rich_help_panel=LOOK)
app.add_typer(parked.app, name="parked", rich_help_panel=LOOK)
app.add_typer(quarantine.app, name="quarantine", rich_help_panel=LOOK)
app.add_typer(registration.app, name="registration", rich_help_panel=OPERATE)
app.command("install", rich_help_panel=OPERATE)(install_command)
app.add_typer(journal.app, name="journal", rich_help_panel=OPERATE)
