"""A business's key from its file; an encrypted one's password is asked for, or stands in NSW_KEY_PASSWORD."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from nsw_cli.errors import CommandError
from nsw_cli.output import err

if TYPE_CHECKING:
    from nsw_client import SigningKey

PASSWORD: Final = "NSW_KEY_PASSWORD"  # noqa: S105 - the variable's name


def read_key(file: Path, certificate: Path | None) -> "SigningKey":
    """The key, with its certificate.

    Raises:
        CommandError: it cannot be used; the text says why.
    """
    from nsw_client import KeyUnusable, SigningKey  # noqa: PLC0415  # slow import

    password = os.environ.get(PASSWORD)
    try:
        try:
            return SigningKey.from_files(file, certificate, password=password)
        except KeyUnusable as error:
            if password or not err.is_terminal or "password" not in str(error):
                raise
        asked = typer.prompt("The key's password", hide_input=True, err=True)
        return SigningKey.from_files(file, certificate, password=asked)
    except KeyUnusable as error:
        raise CommandError(f"{error}. An encrypted key's password may stand in {PASSWORD}") from error
