"""`nsw desk`: an officer's work on the dossiers of an agency that has no system of its own."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
from nsw_contracts.lifecycle import Status

from nsw_cli.desk_calls import Desk, local_desk
from nsw_cli.errors import CommandError
from nsw_cli.options import DEFAULT_FOLDER, AsJson, Folder, IntakeUrl, Token, taking
from nsw_cli.output import print_json, print_table, say

app = typer.Typer(no_args_is_help=True, help="An officer's desk: dossiers of an agency without a system of its own.")

Number = Annotated[str, typer.Argument(help="The dossier's number, twelve digits.", show_default=False)]
Agency = Annotated[
    str, typer.Option("--agency", envvar="NSW_AGENCY", help="The agency's code, such as BCA.", show_default=False)
]
Officer = Annotated[
    str, typer.Option("--as", envvar="NSW_OFFICER", help="On the local stack: which officer; any name does.")
]
DeskUrl = Annotated[
    str | None,
    typer.Option(
        "--desk-url", envvar="NSW_DESK_URL", help="The ministry-adapter's base URL.  [default: the local stack's]",
        show_default=False,
    ),
]  # fmt: skip


def at_desk(
    agency: Agency, officer: Officer = "lan", folder: Folder = DEFAULT_FOLDER, url: DeskUrl = None, token: Token = None
) -> Desk:
    """The desk that is given by its address, or the local stack's."""
    return local_desk(agency, officer, folder, token) if url is None else Desk(agency, url, None, token)


@app.command("list")
@taking(at_desk)
def list_dossiers(
    desk: Desk,
    *,
    status: Annotated[Status | None, typer.Option(help="Only in this status.", show_default=False)] = None,
    procedure: Annotated[str | None, typer.Option(help="Only of this procedure.", show_default=False)] = None,
    due_before: Annotated[
        datetime | None, typer.Option(help="Only what is due by then (local time).", show_default=False)
    ] = None,
    after: Annotated[str | None, typer.Option(help="Go on behind this number.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="The most to list.")] = 50,
    mine: Annotated[bool, typer.Option("--mine", help="Only what I have taken.")] = False,
    ended: Annotated[bool, typer.Option("--ended", help="What is over or decided, not what waits.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what waits, the most urgent first."""
    found = desk.queue(
        status=status,
        procedure=procedure,
        due_before=None if due_before is None else due_before.astimezone().isoformat(),
        after=after,
        limit=limit,
        mine=str(mine).lower(),
        ended=str(ended).lower(),
    )
    if as_json:
        print_json(found)
    elif not found:
        say(f"Nothing lies on the desk of {desk.agency}.")
    else:
        columns = ("number", "procedure", "declarant", "status", "request", "due_at", "officer")
        print_table(columns, ([one[column] for column in columns] for one in found))


@app.command()
@taking(at_desk)
def show(
    desk: Desk,
    number: Number,
    *,
    as_json: AsJson = False,
) -> None:
    """Show a dossier: what was told and decided, and what may be said now. `--json` has all of its content."""
    found = desk.show(number)
    if as_json:
        print_json(found)
        return
    _print_line(found)
    declarant = found["content"]["declarant"]
    say(f"filed by {declarant['name']} ({declarant['tax_code']})\n")
    print_table(("at", "told"), ((one["at"], one["what"]) for one in found["told"]))
    if found["decisions"]:
        columns = ("decided_at", "kind", "officer", "state", "second", "id", "~reason")
        print_table(columns, ([one[column.lstrip("~")] for column in columns] for one in found["decisions"]))
    say(f"May be said now: {', '.join(found['may_say']) or 'nothing'}.")


@app.command()
@taking(at_desk)
def take(
    desk: Desk,
    number: Number,
    *,
    release: Annotated[bool, typer.Option("--release", help="Give it back to the queue instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take a dossier: only who has it decides on it."""
    found = desk.release(number) if release else desk.take(number)
    if as_json:
        print_json(found)
    else:
        _print_line(found)


@app.command()
@taking(at_desk)
def decide(
    desk: Desk,
    number: Number,
    kind: Annotated[str, typer.Argument(help="The word: accepted, refused, result-issued, …", show_default=False)],
    *,
    reason: Annotated[str | None, typer.Option(help="Why.", show_default=False)] = None,
    outcome: Annotated[str | None, typer.Option(help="passed, failed or licensed.", show_default=False)] = None,
    fields: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="NAME=VALUE", help="Another field of the word.", show_default=False),
    ] = None,
    attach: Annotated[
        Path | None, typer.Option(help="The certificate, as a file, to go with the result.", show_default=False)
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="The Idempotency-Key, to send the same again.", show_default=False)
    ] = None,
    intake: IntakeUrl = None,
    as_json: AsJson = False,
) -> None:
    """Decide on a dossier. Where its procedure asks for four eyes, a second officer must agree: `nsw desk judge`."""
    said: dict[str, Any] = dict(map(_field, fields or []))
    said |= {name: text for name, text in (("reason", reason), ("outcome", outcome)) if text is not None}
    if attach is not None:
        said["document"] = desk.put(attach, intake)
    found = desk.decide(number, key or uuid4().hex, {"kind": kind, **said})
    if as_json:
        print_json(found)
    elif found["state"] == "proposed":
        say(f"Proposed: {kind} of {number}. Another officer agrees or declines, with `nsw desk judge {number} …`.")
    else:
        say(f"Decided: {kind} of {number}. The window hears of it.")


@app.command()
@taking(partial(at_desk, officer="minh"))
def judge(
    desk: Desk,
    number: Number,
    *,
    reason: Annotated[str, typer.Option(help="Why; declining needs it.", show_default=False)] = "",
    decision: Annotated[
        str | None, typer.Option(help="The decision's id.  [default: the one proposed]", show_default=False)
    ] = None,
    agree: Annotated[bool, typer.Option("--agree/--decline", help="What you make of it.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Agree to what a colleague proposed, and it is said; or decline it, and it never was."""
    chosen = decision or _proposed(desk, number)
    found = desk.judge(number, chosen, agree=agree, reason=reason)
    if as_json:
        print_json(found)
    else:
        said = "Agreed, the window hears of it" if agree else "Declined, and nothing was said"
        say(f"{said}: {found['kind']} of {number}.")


def _proposed(desk: Desk, number: str) -> str:
    for one in desk.show(number)["decisions"]:
        if one["state"] == "proposed":
            return str(one["id"])
    raise CommandError(f"nothing is proposed for {number}; `nsw desk show {number}` lists its decisions")


def _field(text: str) -> tuple[str, str | list[str]]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise CommandError(f"--field {text!r}: write NAME=VALUE, such as certificate_number=GP-1")
    return name, value.split(",") if name == "items" else value


def _print_line(found: dict[str, Any]) -> None:
    taken = f", with {found['officer']}" if found["officer"] else ""
    due = f", due {found['due_at']}" if found["due_at"] else ""
    say(f"[bold]{found['number']}[/] ({found['procedure']}): {found['status']}{taken}{due}")
