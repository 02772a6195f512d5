"""From what a business has on its disk to the dossier it files. Pure but for reading the files it is given.

A file that names any part of a dossier is one, whole or in part; any other JSON object is the procedure's form alone.
"""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from nsw_cli.errors import CommandError

PARTS: Final = ("procedure", "declarant", "consignment", "form", "documents", "contact")
_KIND: Final = re.compile(r"[a-z0-9-]{1,40}")


class Attachment(NamedTuple):
    """A file that goes with the dossier as a document of this kind."""

    kind: str
    file: Path


def attachment(text: str) -> Attachment:
    """`invoice=scans/invoice.pdf` as typed.

    Raises:
        CommandError: it is not KIND=FILE, or there is no such file.
    """
    kind, _, path = text.partition("=")
    if not _KIND.fullmatch(kind) or not path:
        raise CommandError(f"--document {text!r}: write KIND=FILE, such as invoice=scans/invoice.pdf")
    file = Path(path)
    if not file.is_file():
        raise CommandError(f"--document {text!r}: there is no file {file}")
    return Attachment(kind, file)


def assembled(file: Path, under: Sequence[Path], procedure: str | None, business: str | None) -> dict[str, Any]:
    """The dossier in `file`, laid over what is the same in each dossier (`under`), for this procedure and business.

    Raises:
        CommandError: a file is no JSON object, or the procedure is not known.
    """
    dossier: dict[str, Any] = {}
    for one in under:
        dossier = _over(dossier, _object(one))
    said = _object(file)
    dossier = _over(dossier, said if any(part in said for part in PARTS) else {"form": said})
    if procedure is not None:
        dossier["procedure"] = procedure
    if business is not None:
        dossier["declarant"] = {**_part(dossier, "declarant"), "tax_code": business}
    if not isinstance(dossier.get("procedure"), str):
        raise CommandError("which procedure? Give --procedure CODE. `nsw procedure list --text …` finds it by words")
    return dossier


def owner(dossier: dict[str, Any]) -> str:
    """The tax code of the business whose dossier it is.

    Raises:
        CommandError: it names none.
    """
    tax_code = _part(dossier, "declarant").get("tax_code")
    if not isinstance(tax_code, str):
        raise CommandError("whose dossier is it? Give --business TAXCODE, or name the declarant in the file")
    return tax_code


def with_documents(dossier: dict[str, Any], references: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The dossier referring to these documents too."""
    added = list(references)
    there = dossier.get("documents", [])
    return dossier | {"documents": [*there, *added]} if added and isinstance(there, list) else dossier


def _object(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_bytes())
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise CommandError(f"{file}: {error.msg} at line {error.lineno}, column {error.colno}: correct it") from error
    except ValueError as error:
        raise CommandError(f"{file} is no text in UTF-8: save it as such") from error
    if not isinstance(value, dict):
        raise CommandError(f"{file} holds no JSON object: a dossier is {{…}}. `nsw procedure example CODE` shows one")
    return value


def _over(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Objects laid over objects, member by member; anything else replaces what was there."""
    return under | {
        name: _over(under[name], value) if isinstance(value, dict) and isinstance(under.get(name), dict) else value
        for name, value in over.items()
    }


def _part(dossier: dict[str, Any], name: str) -> dict[str, Any]:
    part = dossier.get(name, {})
    return part if isinstance(part, dict) else {}
