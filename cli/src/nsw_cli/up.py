"""`nsw up` and `nsw down`: the whole window on this machine, in the background."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Literal

import typer
from nsw_contracts.topics import AGENCIES, SERVICES
from nsw_local import Settings, Stack, State
from nsw_local import down as stop
from nsw_local import up as start
from nsw_local.ports import require_free

from nsw_cli import system
from nsw_cli.errors import CommandError
from nsw_cli.local import folder_option, require_unused
from nsw_cli.options import DEFAULT_FOLDER, Folder
from nsw_cli.output import command, err, say
from nsw_cli.steps import Steps


def up(
    folder: Folder = DEFAULT_FOLDER,
    traces: Annotated[Literal["zipkin"] | None, typer.Option(help="Record traces, in a Zipkin of our own.")] = None,
    trace_rate: Annotated[float, typer.Option(min=0, max=1, help="Share of dossiers that are traced.")] = 1.0,
    desk: Annotated[
        list[str] | None,
        typer.Option(metavar="AGENCY", help="Have officers decide for this agency, with `nsw desk`, and no simulator."),
    ] = None,
) -> None:
    """Start Kafka, PostgreSQL, the services and simulated agencies and businesses, in the background."""
    require_unused(folder)
    settings = Settings.from_environment()
    _require_ports(settings, zipkin=traces == "zipkin")
    desks = frozenset(desk or ())
    if strange := desks - set(AGENCIES):
        raise CommandError(f"--desk: there is no agency {min(strange)}; there are {', '.join(AGENCIES)}")
    whole = system.System.on(Stack(folder, settings=settings), **_tracing(settings, traces, trace_rate))
    whole = replace(whole, desks=desks)
    with Steps() as steps:
        stack = start(folder, whole.spec(zipkin=traces == "zipkin"), lambda state: _step(steps, state))
    _welcome(folder, stack, sorted(desks))


def down(
    folder: Folder = DEFAULT_FOLDER,
    *,
    wipe: Annotated[bool, typer.Option("--wipe", help="Remove all of its data, too.")] = False,
) -> None:
    """Stop what `nsw up` started; the data stays, unless told otherwise."""
    with err.status("Stopping …"):
        stopped = stop(folder, wipe=wipe)
    if wipe:
        system.forget(folder)
    said = f"Stopped {folder}." if stopped else f"Nothing runs in {folder}."
    say(f"{said} Its data is removed." if wipe else said)


def _step(steps: Steps, state: State) -> None:
    if state.status == "starting":
        steps.begin(state.message)


def _require_ports(settings: Settings, *, zipkin: bool) -> None:
    """Before anything starts: a service that cannot listen would only fail later, and less clearly."""
    not_ours = set() if zipkin else {"zipkin"}
    not_ours |= {"kafka", "kafka_controller"} if settings.kafka_bootstrap else set()
    not_ours |= {"postgres"} if settings.database_url else set()
    for name, port in asdict(settings.ports).items():
        if name not in not_ours:
            require_free(name.replace("_", " "), port)


def _tracing(settings: Settings, traces: str | None, rate: float) -> dict[str, str]:
    if traces is None:
        return {}
    return {
        "NSW_ZIPKIN_ENDPOINT": f"http://127.0.0.1:{settings.ports.zipkin}/api/v2/spans",
        "NSW_TRACE_RATE": str(rate),
    }


def _welcome(folder: Path, stack: State, desks: Sequence[str]) -> None:
    at = folder_option(folder)
    say(f"\n[bold]The window is up[/], in {folder}:")
    say(f"  intake            {stack.urls['intake']}  (POST /v1/dossiers, GET /v1/dossiers/NUMBER)")
    for service in SERVICES:
        say(f"  {service:<17} {stack.urls[service]}/readyz")
    if "zipkin" in stack.urls:
        say(f"  traces            {stack.urls['zipkin']}/zipkin/?serviceName=nsw-intake")
    say(f"  issuer            {stack.urls['issuer']}  (`{command()} token{at}` prints a token to ask with)")
    say("\nNext:")
    for agency in desks:
        say(f"  {command()} desk list --agency {agency}{at}   what waits for its officers")
    if not desks:  # a replay waits for agencies that decide by themselves
        say(f"  {command()} replay --dossiers 2000{at}   file dossiers and follow each to its end")
    say(f"  {command()} status{at}                   how it is")
    say(f"  {command()} down{at}                     stop it")
