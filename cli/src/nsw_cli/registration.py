"""`nsw registration`: operators say who acts for which business or agency, and look it up."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import typer

from nsw_cli.access import intake_as, issuer_url
from nsw_cli.errors import CommandError
from nsw_cli.http import Answer, send
from nsw_cli.local import running
from nsw_cli.options import DEFAULT_FOLDER, AsJson, Folder, IntakeUrl, Token, taking
from nsw_cli.output import print_json, print_table, say
from nsw_cli.system import OPERATOR

app = typer.Typer(no_args_is_help=True, help="Who acts for which business or agency.")

PATH: Final = "/v1/registrations"
Issuer = Annotated[
    str | None,
    typer.Option("--issuer", help="A token's iss.  [default: the local stack's issuer]", show_default=False),
]
Subject = Annotated[str | None, typer.Option("--subject", help="A token's sub.", show_default=False)]
Role = Annotated[
    str | None, typer.Option("--role", help="declarant, officer, agency-system or operator.", show_default=False)
]
Party = Annotated[str | None, typer.Option("--party", help="A tax code, an agency's code, or NSW.", show_default=False)]


class Window:
    """Intake, asked as an operator: with the token given, or on the local stack with its own operator's."""

    def __init__(self, folder: Folder = DEFAULT_FOLDER, intake: IntakeUrl = None, token: Token = None) -> None:
        self._stack = running(folder) if intake is None else None
        self._intake, self._token = intake_as(OPERATOR, folder, intake, token)

    def issuer(self) -> str:
        """The local stack's issuer, where none is named."""
        if self._stack is None:
            raise CommandError("say which provider's subject: --issuer, as its tokens name it (iss)")
        return issuer_url(self._stack)

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """A good answer."""
        answer = send(method, f"{self._intake.rstrip('/')}{path}", self._token, body)
        if answer.status != HTTPStatus.OK:
            raise CommandError(f"intake answered {answer.says()}")
        return answer


@app.command()
@taking(Window)
def add(
    where: Window,
    *,
    issuer: Issuer = None,
    subject: Subject = None,
    role: Role = None,
    party: Party = None,
    key: Annotated[
        Path | None, typer.Option(help="A file with a system's public key (JWK).", show_default=False)
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="Many, instead: NDJSON, a registration a line.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Register somebody, or everybody in a file: all of them or none."""
    if file is not None:
        body = _bytes(file)
    else:
        line: dict[str, Any] = {
            "issuer": issuer or where.issuer(), "subject": subject, "role": role, "party": party,
        }  # fmt: skip
        lacking = [f"--{name}" for name, value in line.items() if not value]
        if lacking:
            raise CommandError(f"say who acts for whom: {', '.join(lacking)}, or a --file of many")
        if key is not None:
            line["public_key"] = _jwk(key)
        body = json.dumps(line).encode()
    said = where.ask("POST", PATH, body)
    if as_json:
        print_json(said.body)
    else:
        say(f"Registered: {said.body['registered']:,} of {said.body['lines']:,}; the others were already.")


@app.command("list")
@taking(Window)
def list_(
    where: Window,
    issuer: Issuer = None,
    subject: Subject = None,
    party: Party = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List registrations in force, at most 1,000."""
    found = where.ask("GET", _path({"issuer": issuer, "subject": subject, "party": party})).body
    if as_json:
        print_json(found)
    elif not found:
        say("Nobody is registered so.")
    else:
        columns = ("issuer", "subject", "role", "party", "registered_at")
        print_table(columns, [[one[column] for column in columns] for one in found])


@app.command()
@taking(Window)
def remove(
    where: Window,
    issuer: Issuer = None,
    subject: Subject = None,
    role: Role = None,
    party: Party = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Revoke what somebody is registered for: all of it, or one role or party."""
    if subject is None:
        raise CommandError("say whose registrations to revoke: --subject")
    asked = {"issuer": issuer or where.issuer(), "subject": subject, "role": role, "party": party}
    said = where.ask("DELETE", _path(asked))
    if as_json:
        print_json(said.body)
    else:
        say(f"Revoked: {said.body['revoked']:,}.")


def _path(asked: Mapping[str, str | None]) -> str:
    return f"{PATH}?{urlencode({name: value for name, value in asked.items() if value})}"


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from error


def _jwk(file: Path) -> Any:
    try:
        return json.loads(_bytes(file))
    except ValueError as error:
        raise CommandError(f"{file} is no JSON: a public key as a JWK is needed (RFC 7517)") from error
