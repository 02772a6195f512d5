"""`nsw dossier show`: what a business sees of its dossier, asked of intake over HTTP."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

import typer
from nsw_contracts.sentences import Language
from nsw_contracts.telling import sentence

from nsw_cli.access import intake_as
from nsw_cli.errors import CommandError
from nsw_cli.http import get_json
from nsw_cli.options import DEFAULT_FOLDER, AsJson, Folder, IntakeUrl, Token
from nsw_cli.output import print_json, print_table, say
from nsw_cli.statuses import LABELS, happened
from nsw_cli.system import BROKER

app = typer.Typer(no_args_is_help=True, help="One dossier.")

SAID: Final = ("reason", "items", "outcome", "certificate_number")


@app.callback()
def dossier() -> None:
    """One dossier."""


@app.command()
def show(
    number: Annotated[str, typer.Argument(help="The dossier's number, twelve digits.")],
    folder: Folder = DEFAULT_FOLDER,
    intake: IntakeUrl = None,
    token: Token = None,
    lang: Annotated[Language, typer.Option(help="English or Vietnamese.")] = "en",
    *,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show a dossier's status and its timeline."""
    found = fetch(number, *intake_as(BROKER, folder, intake, token))
    if as_json:
        print_json(found)
    else:
        print_dossier(found, lang)


def fetch(number: str, intake: str, token: str | None) -> dict[str, Any]:
    """A dossier as intake gives it to the caller of this token.

    Raises:
        CommandError: there is none of this number, or intake does not answer.
    """
    if not number.isdecimal():
        raise CommandError(f"{number!r} is no dossier number: twelve digits, as in the receipt")
    answer = get_json(f"{intake.rstrip('/')}/v1/dossiers/{number}", token)
    if answer.status == HTTPStatus.NOT_FOUND:
        raise CommandError(f"the window has no dossier {number}. The number stands in the receipt: twelve digits")
    if answer.status != HTTPStatus.OK:
        raise CommandError(f"intake answered {answer.says()}")
    found: dict[str, Any] = answer.body
    return found


def print_dossier(found: Mapping[str, Any], lang: Language) -> None:
    """The dossier for people."""
    words = LABELS[lang]
    say(f"[bold]{words['dossier']} {found['number']}[/]: {sentence(found['status'], lang)}")
    say(f"{words['procedure']} {found['procedure']}, {words['filed']} {_time(found['submitted_at'])} UTC\n")
    print_table(
        (words["at"], f"~{words['status']}", words["agency"], f"~{words['detail']}"),
        (
            (
                _time(entry["at"]).removesuffix(" UTC"),
                happened(entry, lang),
                entry.get("agency"),
                _said(entry, lang),
            )
            for entry in found["timeline"]
        ),
    )
    if found.get("possible"):
        say(f"{words['possible']}: {', '.join(words[command] for command in found['possible'])}.")


def _said(entry: Mapping[str, Any], lang: Language) -> str:
    """What the agency or the window said, and until when something is due."""
    parts = [entry[name] for name in SAID if entry.get(name)]
    if entry.get("document"):
        parts.append(entry["document"]["name"])
    if entry.get("amount"):
        parts.append(f"{entry['amount']} {entry.get('currency', '')}".strip())
    if entry.get("explanation"):
        parts.append(entry["explanation"][lang])
    parts += [f"{line['hs_code']}: {line['why'][lang]}" for line in entry.get("lines", ())]
    parts += [f"{LABELS[lang][name]} {_time(entry[name])} UTC" for name in ("due_at", "answer_by") if entry.get(name)]
    return "; ".join(", ".join(part) if isinstance(part, list) else part for part in parts)


def _time(text: str) -> str:
    """RFC 3339 (UTC) to the second, for reading."""
    return text.replace("T", " ").partition(".")[0].removesuffix("+00:00").removesuffix("Z")
