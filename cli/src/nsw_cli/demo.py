"""`nsw demo`: everything on this machine, in the foreground: start, file dossiers, show what became of them, stop."""

import json
import urllib.request
from dataclasses import astuple, replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from nsw_contracts.lifecycle import FINAL
from nsw_contracts.topics import SERVICES
from nsw_local import Ports, Settings, Stack
from nsw_local import down as stop
from nsw_local.ports import is_free
from nsw_local.supervisor import start_all

from nsw_cli import system
from nsw_cli.access import token_from
from nsw_cli.demo_desk import AGENCY, OFFICERS, decide_at_a_desk
from nsw_cli.dossier import fetch, print_dossier
from nsw_cli.errors import FOUND_WRONG
from nsw_cli.local import require_unused
from nsw_cli.options import AsJson
from nsw_cli.output import command, err, out, print_json, say
from nsw_cli.steps import Steps

DEMO_FOLDER: Final = Path(".nsw/demo")
FEWEST_BUSINESSES: Final = 100
SEEN_ENOUGH: Final = 5000  # arrivals among which every final status is likely to be


def demo(
    dossiers: Annotated[int, typer.Option(min=1, help="How many to file.")] = 2000,
    folder: Annotated[Path, typer.Option(help="Where it keeps its data; wiped at the start.")] = DEMO_FOLDER,
    *,
    as_json: AsJson = False,
) -> None:
    """Start everything here, file dossiers and follow each to its end, show the figures, and stop."""
    require_unused(folder)
    stop(folder, wipe=True)
    system.forget(folder)
    # Its own Kafka and Postgres, whatever the environment names: a demo writes into nobody's database.
    settings = replace(Settings.from_environment(), kafka_bootstrap=None, database_url=None)
    free = all(is_free(port) for port in astuple(settings.ports))
    with Stack(folder, settings.ports if free else Ports.free(), settings) as stack:
        with Steps() as steps:
            whole = system.System.on(stack)
            start_all(stack, whole.spec(), steps.begin)
        kept, figures = _replay(stack, whole, dossiers, as_json=as_json)
        with Steps() as steps:
            steps.begin("Deciding one more dossier at an officers' desk")
            decided = decide_at_a_desk(stack, whole)
        if as_json:
            print_json(figures | {"desk": {name: decided[name] for name in ("number", "status")}}, indent=None)
        else:
            _look_next(whole, folder)
            _show_decided(decided, folder)
        with Steps() as steps:
            steps.begin("Stopping")
            stack.stop()
    if not kept:
        raise typer.Exit(FOUND_WRONG)


def _replay(stack: Stack, whole: system.System, dossiers: int, *, as_json: bool) -> tuple[bool, dict[str, Any]]:
    """Whether every promise was kept, and the figures."""
    from nsw_benchmarks.businesses import NATIONAL_BUSINESSES  # noqa: PLC0415  # slow import
    from nsw_benchmarks.identity import Identity  # noqa: PLC0415  # slow import
    from nsw_benchmarks.replay import ReplayOptions  # noqa: PLC0415  # slow import
    from nsw_benchmarks.table import result_table  # noqa: PLC0415  # slow import

    from nsw_cli import replaying  # noqa: PLC0415  # slow import

    result = replaying.run(
        ReplayOptions(
            services=whole.services,
            agencies_url=whole.agencies_url,
            businesses_url=whole.businesses_url,
            dossiers=dossiers,
            pids={service: stack.pid(service) for service in SERVICES},
            identity=Identity(whole.issuer_url, system.BROKER, system.OPERATOR),
            businesses=min(NATIONAL_BUSINESSES, max(FEWEST_BUSINESSES, dossiers)),  # the rest would file nothing
        )
    )
    for example in result.examples:
        err.print(example, markup=False)
    (err if as_json else out).print(result_table(result))
    return replaying.kept(result), replaying.figures(result)


def _show_decided(decided: dict[str, Any], folder: Path) -> None:
    """What officers at a desk decided, and how to be one."""
    lan, minh = OFFICERS
    say(f"[bold]And one that two officers of {AGENCY} decided at a desk[/]: {lan} took it, {minh} agreed.\n")
    print_dossier(decided, "en")
    say("\nTo be an officer yourself:\n")
    say(f"  {command()} up --desk {AGENCY} --folder {folder}   then, with the same --folder,")
    say(f"  {command()} desk list --agency {AGENCY} --ended")
    say(f"  {command()} desk show {decided['number']} --agency {AGENCY}\n")


def _look_next(whole: system.System, folder: Path) -> None:
    """The story of one dossier, and what to type to see more of it."""
    numbers = _numbers_by_status(whole.businesses_url)
    if not numbers:
        return
    say("\n[bold]One of them, as its declarant sees it:[/]\n")
    token = token_from(whole.issuer_url, system.BROKER)
    print_dossier(fetch(next(iter(numbers.values())), whole.services["intake"], token), "en")
    at = f"--folder {folder}"
    say("\n[bold]What to look at next[/] (the data of this run stays):\n")
    say(f"  {command()} up {at}   start it again in the background, with these dossiers in it; then")
    for status, number in numbers.items():
        say(f"  {command()} dossier show {number} {at}   [dim]{status}[/]")
    say(f"  {command()} dossier show {next(iter(numbers.values()))} --lang vi {at}")
    say(f"  {command()} stream verify {at}   each journal against its copy in Kafka")
    say(f"  {command()} replay --dossiers 20000 {at}   more of the same")
    say(f"  {command()} down {at}\n")


def _numbers_by_status(businesses_url: str) -> dict[str, str]:
    """A dossier's number for each final status that businesses heard of."""
    with urllib.request.urlopen(f"{businesses_url}/seen?limit={SEEN_ENOUGH}") as answer:  # noqa: S310 - our own
        seen = [json.loads(line) for line in answer]
    last = {arrival["number"]: arrival["status"] for arrival in seen}
    return {status: number for number, status in sorted(last.items(), reverse=True) if status in FINAL}
