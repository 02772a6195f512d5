"""`nsw token`: a token of the local stack's development issuer, for use with curl and scripts."""

from typing import Annotated

import typer

from nsw_cli.access import issuer_url, token_from
from nsw_cli.local import running
from nsw_cli.options import DEFAULT_FOLDER, AsJson, Folder
from nsw_cli.output import print_json
from nsw_cli.system import BROKER, OPERATOR


def token(
    subject: Annotated[str, typer.Argument(help=f"Whose: `{BROKER}`, `{OPERATOR}`, or anybody's.")] = BROKER,
    lifetime: Annotated[int | None, typer.Option(min=1, help="For so many seconds.  [default: an hour]")] = None,
    folder: Folder = DEFAULT_FOLDER,
    *,
    as_json: AsJson = False,
) -> None:
    """Print a token for the local stack, as in: curl -H "Authorization: Bearer $(nsw token)" URL."""
    issuer = issuer_url(running(folder))
    given = token_from(issuer, subject, lifetime)
    if as_json:
        print_json({"issuer": issuer, "subject": subject, "access_token": given})
    else:
        typer.echo(given)
