"""`nsw certificate`: the certificates with which a business signs, registered with the window."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from nsw_cli.access import business_token
from nsw_cli.errors import CommandError
from nsw_cli.local import running
from nsw_cli.options import DEFAULT_FOLDER, AsJson, Folder, IntakeUrl, Token
from nsw_cli.output import print_json, print_table, say
from nsw_cli.signing_key import read_key

if TYPE_CHECKING:
    from nsw_client import SigningKey, Window

app = typer.Typer(no_args_is_help=True, help="The certificates a business signs with.")

TaxCode = Annotated[str, typer.Option("--business", metavar="TAXCODE", help="Whose certificate it is.")]
_SHOWN: Final = ("sha256", "holder", "not_after", "ended_at", "revoked_at")


@app.command()
def register(
    key: Annotated[Path, typer.Argument(help="The key, PEM or PKCS#12; it stays here.")],
    business: TaxCode,
    cert: Annotated[
        Path | None, typer.Option(help="The key's certificate, unless it stands with it.", show_default=False)
    ] = None,
    intake: IntakeUrl = None,
    token: Token = None,
    folder: Folder = DEFAULT_FOLDER,
    *,
    as_json: AsJson = False,
) -> None:
    """Register the certificate that a business signs with; again does no harm."""
    with _window(intake, token, folder, business, read_key(key, cert)) as window:
        registered = window.register_certificate(business)
    if as_json:
        print_json(registered.raw)
    else:
        say(f"Registered for {business}: {registered.holder}, valid until {registered.not_after:%Y-%m-%d}")


@app.command("list")
def list_certificates(
    business: TaxCode,
    intake: IntakeUrl = None,
    token: Token = None,
    folder: Folder = DEFAULT_FOLDER,
    *,
    as_json: AsJson = False,
) -> None:
    """List a business's certificates, those whose use has ended too."""
    with _window(intake, token, folder, business, None) as window:
        found = window.certificates(business)
    if as_json:
        print_json([one.raw for one in found])
    else:
        print_table(_SHOWN, ([getattr(one, name) for name in _SHOWN] for one in found))


@app.command()
def end(
    sha256: Annotated[str, typer.Argument(help="The certificate's SHA-256, as `nsw certificate list` shows it.")],
    business: TaxCode,
    intake: IntakeUrl = None,
    token: Token = None,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """End a certificate's use; what it has signed stays valid."""
    with _window(intake, token, folder, business, None) as window:
        window.end_certificate(business, sha256)
    say(f"{sha256} signs nothing more")


@contextmanager
def _window(
    intake: str | None, token: str | None, folder: Path, business: str, key: "SigningKey | None"
) -> Iterator["Window"]:
    """The window, asked for a business; its refusals stop the command."""
    from nsw_client import Refused, Unreachable, Window  # noqa: PLC0415  # slow import

    if intake is None:
        stack = running(folder)
        intake, token = stack.urls["intake"], token or business_token(stack, business)
    try:
        with Window(intake, token=token, key=key) as window:
            yield window
    except Refused as refused:
        fields = "".join(f"\n  {one.pointer}: {one.detail}" for one in refused.errors)
        raise CommandError(f"{refused.title}: {refused.detail}{fields}") from refused
    except Unreachable as error:
        raise CommandError(str(error)) from error
