"""`nsw certificate`: the certificates with which a business signs, registered with the window.

`issue` and `revoke` are the local stack's development authority speaking: no other window trusts what they make.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from nsw_local import State
from nsw_local.authority import LIST_PATH, DevelopmentAuthority, write_private
from nsw_procedures.tax_code import is_tax_code

from nsw_cli.access import business_token, issuer_url
from nsw_cli.errors import CommandError
from nsw_cli.local import folder_option, running
from nsw_cli.options import DEFAULT_FOLDER, AsJson, Folder, IntakeUrl, Token
from nsw_cli.output import command, print_json, print_table, say
from nsw_cli.signing_key import PASSWORD, read_key
from nsw_cli.system import authority_folder

if TYPE_CHECKING:
    from nsw_client import SigningKey, Window

app = typer.Typer(no_args_is_help=True, help="The certificates a business signs with.")

TaxCode = Annotated[str, typer.Option("--business", metavar="TAXCODE", help="Whose certificate it is.")]
Url = Annotated[str | None, typer.Option("--url", "--intake-url", envvar="NSW_INTAKE_URL", hidden=True)]
_ONLY_HERE: Final = (
    "only a local stack has a development authority. For any other window, get your certificate from a certification "
    "authority that it trusts"
)
_SHOWN: Final = ("sha256", "holder", "not_after", "ended_at", "revoked_at")


@app.command()
def issue(
    business: TaxCode,
    file: Annotated[Path, typer.Option("--out", metavar="FILE", help="Write key and certificate here, as PKCS#12.")],
    intake: Url = None,
    folder: Folder = DEFAULT_FOLDER,
    *,
    as_json: AsJson = False,
) -> None:
    """Local stack only: make a key, and a certificate for it by the development authority.

    It is encrypted where NSW_KEY_PASSWORD is set. No real window trusts it.
    """
    stack, authority = _development(intake, folder)
    if not is_tax_code(business):
        raise CommandError(f"{business} is no tax code: ten digits, the last checks the others; a branch adds -001")
    issued = authority.issue(business, f"{issuer_url(stack)}{LIST_PATH}")
    try:
        write_private(file, issued.pkcs12(os.environ.get(PASSWORD)))
    except FileExistsError as error:
        raise CommandError(f"{file} is there already and may hold a key; give another --out") from error
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}") from error
    until = issued.certificate.not_valid_after_utc
    if as_json:
        print_json({"file": str(file), "declarant": business, "not_after": until, "development": True})
    else:
        say(f"{file}: a key and its certificate for {business}, of this local stack only, valid until {until:%Y-%m-%d}")
        say(f"Next: {command()} certificate register {file} --business {business}{folder_option(folder)}")


@app.command()
def revoke(
    key: Annotated[Path, typer.Argument(help="The key's file that `nsw certificate issue` wrote.")],
    intake: Url = None,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Local stack only: have the development authority revoke a certificate; the window hears of it within seconds."""
    _, authority = _development(intake, folder)
    certificate = read_key(key, None).certificate
    if not authority.has_issued(certificate):
        raise CommandError(
            f"{key}: another authority issued its certificate; ask that one, or end its use with `nsw certificate end`"
        )
    authority.revoke(certificate)
    say(f"Revoked: what {key} signs is refused from now on, within seconds")


def _development(intake: str | None, folder: Path) -> tuple[State, DevelopmentAuthority]:
    """The local stack and its authority.

    Raises:
        CommandError: another window is meant, or no stack runs.
    """
    if intake is not None:
        raise CommandError(f"{intake} is named (--url or NSW_INTAKE_URL), and {_ONLY_HERE}")
    try:
        stack = running(folder)
    except CommandError as error:
        raise CommandError(f"{error}; {_ONLY_HERE}") from error
    return stack, DevelopmentAuthority.of(authority_folder(folder))


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
