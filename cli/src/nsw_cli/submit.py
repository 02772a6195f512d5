"""`nsw submit`: files one dossier, with its documents, signed; safe to run again."""

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from nsw_contracts.sentences import Language
from nsw_contracts.telling import sentence

from nsw_cli.access import business_token
from nsw_cli.errors import CommandError
from nsw_cli.local import running
from nsw_cli.options import DEFAULT_FOLDER, AsJson, Folder, IntakeUrl, Token
from nsw_cli.output import command, err, print_json, say
from nsw_cli.signing_key import read_key
from nsw_cli.statuses import LABELS
from nsw_cli.submit_dossier import Attachment, assembled, attachment, owner, with_documents

if TYPE_CHECKING:
    from nsw_client import Receipt, Refused, Window


def submit(
    file: Annotated[
        Path, typer.Argument(help="The dossier as JSON, whole or in part; or its form alone.", show_default=False)
    ],
    *,
    procedure: Annotated[str | None, typer.Option(help="The procedure's code.", show_default=False)] = None,
    business: Annotated[
        str | None, typer.Option(metavar="TAXCODE", help="The business that files.", show_default=False)
    ] = None,
    over: Annotated[
        list[Path] | None,
        typer.Option(
            "--over", metavar="FILE", help="Lay it over this JSON: what all your dossiers share.", show_default=False
        ),
    ] = None,
    document: Annotated[
        list[str] | None,
        typer.Option("--document", metavar="KIND=FILE", help="Send this file along.", show_default=False),
    ] = None,
    sign: Annotated[
        Path | None, typer.Option(metavar="KEY", help="Sign with this key, PEM or PKCS#12.", show_default=False)
    ] = None,
    cert: Annotated[
        Path | None, typer.Option(help="The key's certificate, unless it stands with it.", show_default=False)
    ] = None,
    token: Token = None,
    receipt: Annotated[Path | None, typer.Option(help="Write the receipt here.", show_default=False)] = None,
    idempotency_key: Annotated[
        str | None,
        typer.Option(help="File the same content once more on purpose.  [default: made from it]", show_default=False),
    ] = None,
    intake: IntakeUrl = None,
    folder: Folder = DEFAULT_FOLDER,
    lang: Annotated[Language, typer.Option(help="English or Vietnamese.")] = "en",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """File a dossier. Run it again after any trouble: the same dossier is filed once.

    An encrypted key's password is asked for, or stands in NSW_KEY_PASSWORD.
    """
    from nsw_client import Patience, Refused, Unreachable, Window  # noqa: PLC0415  # slow import

    dossier = assembled(file, over or (), procedure, business)
    attachments = [attachment(one) for one in document or ()]
    try:
        key = None if sign is None else read_key(sign, cert)
        patience = Patience(sleep=_say_and_sleep)
        if intake is None:
            stack = running(folder)
            intake, token = stack.urls["intake"], token or business_token(stack, owner(dossier))
        with Window(intake, token=token, key=key, patience=patience) as window:
            dossier = with_documents(dossier, _sent(window, attachments, dossier))
            filed = window.submit(dossier, idempotency_key=idempotency_key)
    except Refused as refused:
        if as_json:
            print_json({"problem": _problem(refused)})
        raise CommandError(_words(refused, lang, dossier["procedure"])) from refused
    except Unreachable as error:
        raise CommandError(str(error)) from error
    if receipt is not None:
        receipt.write_text(json.dumps(filed.raw, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if as_json:
        print_json(filed.raw)
    else:
        _print(filed, dossier, receipt, lang)


def _sent(window: "Window", attachments: Sequence[Attachment], dossier: dict[str, Any]) -> list[dict[str, Any]]:
    """The documents' references, when the window has them all; a bar for each shows how far it is."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn  # noqa: PLC0415

    if not attachments:
        return []
    declarant = owner(dossier)
    references = []
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=err) as bars:
        for one in attachments:
            bar = bars.add_task(one.file.name, total=one.file.stat().st_size)

            def moved(sent: int, _: int, bar: TaskID = bar) -> None:
                bars.update(bar, completed=sent)

            references.append(window.upload(one.file, declarant=declarant, progress=moved).reference(one.kind))
    return references


def _say_and_sleep(seconds: float) -> None:
    err.print(f"[dim]The window does not answer, or is busy; trying again in {seconds:.1f} s[/]", soft_wrap=True)
    time.sleep(seconds)


def _words(refused: "Refused", lang: Language, code: str) -> str:
    from nsw_procedures.calendar import local_day  # noqa: PLC0415  # slow import
    from nsw_procedures.packs import packs  # noqa: PLC0415  # slow import

    from nsw_cli.submit_words import refusal  # noqa: PLC0415  # slow import

    return refusal(refused, lang, packs().in_force(code, local_day(datetime.now(UTC))))


def _problem(refused: "Refused") -> dict[str, Any]:
    return {
        "kind": refused.kind, "title": refused.title, "status": refused.status, "detail": refused.detail,
        "errors": [{"pointer": one.pointer, "detail": one.detail} for one in refused.errors],
    }  # fmt: skip


def _print(filed: "Receipt", dossier: dict[str, Any], file: Path | None, lang: Language) -> None:
    words = LABELS[lang]
    say(f"[bold]{words['dossier']} {filed.number}[/]: {sentence('submitted', lang)}")
    say(f"{words['procedure']} {dossier['procedure']}, {words['filed']} {filed.received_at:%Y-%m-%d %H:%M:%S} UTC")
    if file is not None:
        say(f"{words['receipt']}: {file}")
    say(f"{words['next']}: {command()} dossier show {filed.number}")
