"""`nsw watch`: what happens to a business's dossiers, as it happens, from the notifier's live stream."""

import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Annotated, Any, Final, NamedTuple

import typer
from nsw_contracts.sentences import Language
from nsw_contracts.telling import moment, tell

from nsw_cli.access import business_token, intake_as
from nsw_cli.dossier import fetch
from nsw_cli.errors import CommandError
from nsw_cli.local import running
from nsw_cli.options import DEFAULT_FOLDER, AsJson, Folder, Token
from nsw_cli.output import err, print_json, say
from nsw_cli.system import BROKER

QUIET_SECONDS: Final = 60.0  # the stream says something every 15
AGAIN_SECONDS: Final = 2.0
REGISTERED_SECONDS: Final = 10.0  # in which a registration just made reaches the notifier


class Message(NamedTuple):
    """One server-sent event."""

    id: str
    event: str
    data: Any


def watch(
    dossier: Annotated[str | None, typer.Argument(help="Only this dossier.  [default: all of the business]")] = None,
    declarant: Annotated[
        str | None, typer.Option(help="The business's tax code.  [default: the dossier's]", show_default=False)
    ] = None,
    folder: Folder = DEFAULT_FOLDER,
    notifier: Annotated[
        str | None,
        typer.Option(
            "--notifier-url", envvar="NSW_NOTIFIER_URL", show_default=False,
            help="The notifier's base URL.  [default: the local stack's]",
        ),
    ] = None,
    token: Token = None,
    after: Annotated[
        int | None, typer.Option(min=0, help="Go on after this event's id.  [default: from now on]", show_default=False)
    ] = None,
    events: Annotated[
        int | None, typer.Option(min=1, help="End after so many events.  [default: never]", show_default=False)
    ] = None,
    lang: Annotated[Language, typer.Option(help="English or Vietnamese.")] = "en",
    *,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Watch what happens to a business's dossiers; with --json a line for each event. Ctrl-C ends it."""
    notifier, token, declarant = _where(dossier, declarant, folder, notifier, token)
    query = {"declarant": declarant} | ({"dossier": dossier} if dossier else {})
    url = f"{notifier.rstrip('/')}/v1/events?{urllib.parse.urlencode(query)}"
    try:
        for message in _limited(follow(url, token, after), events):
            if as_json:
                print_json(message.data | {"event_id": message.id}, indent=None)
            else:
                _show(message, lang)
    except KeyboardInterrupt:
        return


def _where(
    dossier: str | None, declarant: str | None, folder: Folder, notifier: str | None, token: str | None
) -> tuple[str, str | None, str]:
    """The notifier, a token for it, and whose stream is watched."""
    if notifier is not None:
        if declarant is None:
            raise CommandError("whose stream? Give --declarant TAXCODE")
        return notifier, token, declarant
    stack = running(folder)
    if declarant is None:
        if dossier is None:
            raise CommandError("whose stream? Give a dossier's number, or --declarant TAXCODE")
        declarant = str(fetch(dossier, *intake_as(BROKER, folder, None, token))["declarant"])
    return stack.urls["notifier"], token or business_token(stack, declarant), declarant


def follow(url: str, token: str | None, after: int | None) -> Iterator[Message]:
    """Every event from a position on, through broken connections: each once, in order.

    Raises:
        CommandError: the notifier refuses, or was never reached.
    """
    last = "" if after is None else str(after)
    reached, began = False, time.monotonic()
    while True:
        headers = {"accept": "text/event-stream"} | ({"last-event-id": last} if last else {})
        if token:
            headers["authorization"] = f"Bearer {token}"
        try:
            asked = urllib.request.Request(url, headers=headers)  # noqa: S310 - a service's URL
            with urllib.request.urlopen(asked, timeout=QUIET_SECONDS) as answer:  # noqa: S310
                reached = True
                for message in messages(answer):
                    last = message.id or last
                    yield message
        except urllib.error.HTTPError as error:
            with error:
                soon = not reached and time.monotonic() - began < REGISTERED_SECONDS
                if error.code == HTTPStatus.FORBIDDEN and soon:
                    time.sleep(0.5)
                    continue
                if error.code < 500 and error.code != HTTPStatus.TOO_MANY_REQUESTS:  # noqa: PLR2004
                    raise CommandError(f"the notifier answered {error.code}: {_says(error)}") from error
        except (OSError, http.client.HTTPException) as error:
            if not reached:
                raise CommandError(f"{url} does not answer: {getattr(error, 'reason', error)}. Is it up?") from error
        err.print("[dim]connecting again …[/]")
        time.sleep(AGAIN_SECONDS)


def messages(lines: Iterable[bytes]) -> Iterator[Message]:
    """The events in a stream's lines; comments left out."""
    fields: dict[str, str] = {}
    for line in lines:
        text = line.decode().rstrip("\r\n")
        if text:
            name, _, value = text.partition(":")
            fields[name] = value.removeprefix(" ")
            continue
        if "data" in fields:
            yield Message(fields.get("id", ""), fields.get("event", "message"), json.loads(fields["data"]))
        fields = {}


def _limited(found: Iterator[Message], most: int | None) -> Iterator[Message]:
    """Events of dossiers, at most so many; what is said of the stream itself goes to standard error."""
    seen = 0
    for message in found:
        if message.event == "ready":
            err.print(f"[dim]watching {message.data['declarant']} from event {message.id} on; Ctrl-C ends it[/]")
        elif message.event == "gap":
            err.print(f"[yellow]{message.data['says']['en']}[/]")
        else:
            yield message
            seen += 1
            if seen == most:
                return


def _show(message: Message, lang: Language) -> None:
    """One event for people."""
    data, kind = message.data["data"], message.event
    told = tell(kind, data, lang)
    say(f"[dim]{moment(message.data['timestamp'], lang)}[/]  [bold]{data['number']}[/]  {told.happened}")
    rest = " ".join(part for part in (data.get("reason", ""), told.next, told.by_when) if part)
    if rest:
        err.print(f"    {rest}", markup=False)


def _says(error: urllib.error.HTTPError) -> str:
    try:
        said = json.load(error)
    except ValueError:
        return str(error.reason)
    return str(said.get("detail") or said.get("title"))
