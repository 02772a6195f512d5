"""`nsw receipt verify`: whether a receipt is the window's own and says what the window signed, in both languages."""

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from nsw_cli.errors import FOUND_WRONG, CommandError
from nsw_cli.http import get_json
from nsw_cli.local import running
from nsw_cli.options import DEFAULT_FOLDER, AsJson, Folder
from nsw_cli.output import print_json, say

app = typer.Typer(no_args_is_help=True, help="Receipts of the window.")

LABELS: Final = (
    ("number", "Dossier", "Hồ sơ"),
    ("command", "Asked for", "Yêu cầu"),
    ("command_id", "Request's id", "Mã yêu cầu"),
    ("content_sha256", "SHA-256 of the content", "SHA-256 của nội dung"),
    ("received_at", "Received", "Thời điểm tiếp nhận"),
    ("status", "Status then", "Trạng thái khi đó"),
)
GENUINE: Final = (
    "The receipt is genuine: the window signed just this.",
    "Biên nhận hợp lệ: Cổng thông tin đã ký đúng nội dung này.",
)
NOT_GENUINE: Final = (
    "The receipt is not genuine: do not rely on it.",
    "Biên nhận không hợp lệ: không được sử dụng.",
)


@app.callback()
def receipt() -> None:
    """Receipts of the window."""


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The receipt as JSON, as the window gave it.", show_default=False)],
    folder: Folder = DEFAULT_FOLDER,
    keys: Annotated[
        str | None,
        typer.Option(
            metavar="URL|FILE",
            help="The window's keys: intake's URL, `…/v1/keys`, or a file kept of it.  [default: the local stack's]",
            show_default=False,
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Verify a receipt; exit code 1 where it is not the window's own."""
    found = _receipt(file)
    why = _wrong(found, _keys(keys or f"{running(folder).urls['intake']}/v1/keys"))
    if as_json:
        signed = {name: value for name, value in found.items() if name != "jws"}
        print_json({"genuine": why is None, "why": why, "receipt": signed})
    else:
        _print(found, why)
    if why is not None:
        raise typer.Exit(FOUND_WRONG)


def _wrong(found: dict[str, Any], keys: dict[str, Any]) -> str | None:
    """What is wrong with the receipt; None: nothing."""
    from nsw_client import NotGenuine, verify_receipt  # noqa: PLC0415  # slow import

    try:
        verify_receipt(found, keys)
    except NotGenuine as error:
        return str(error)
    return None


def _receipt(file: Path) -> dict[str, Any]:
    """The receipt in a file, or in the one line of a bulk answer."""
    try:
        found = json.loads(file.read_bytes())
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{file} is no JSON: save the answer of POST /v1/dossiers as it came") from error
    if isinstance(found, dict) and isinstance(found.get("receipt"), dict):
        found = found["receipt"]
    if not isinstance(found, dict) or "number" not in found:
        raise CommandError(f"{file} holds no receipt: save the answer of POST /v1/dossiers as it came")
    return found


def _keys(place: str) -> dict[str, Any]:
    """The window's JWKS, from intake or from a file."""
    if place.startswith(("http://", "https://")):
        url = place if place.endswith("/v1/keys") else f"{place.rstrip('/')}/v1/keys"
        answer = get_json(url)
        if answer.status != 200:  # noqa: PLR2004
            raise CommandError(f"{url} answered {answer.status}: is it intake?")
        found = answer.body
    else:
        try:
            found = json.loads(Path(place).read_bytes())
        except (OSError, ValueError) as error:
            raise CommandError(f"{place} cannot be read: name a file kept of intake's /v1/keys, or its URL") from error
    if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
        raise CommandError(f"{place} is no set of keys (JWKS): name intake's URL, or a file kept of its /v1/keys")
    return found


def _print(found: dict[str, Any], why: str | None) -> None:
    for text in GENUINE if why is None else NOT_GENUINE:
        say(f"[bold {'green' if why is None else 'red'}]{text}[/]")
    if why is not None:
        say(f"  {escape(why)}")
        return
    say("")
    for name, english, vietnamese in LABELS:
        if name in found:
            say(f"  {english} / {vietnamese}: {escape(str(found[name]))}")
