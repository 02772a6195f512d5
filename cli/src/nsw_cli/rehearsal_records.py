"""Where rehearsals are written down, and what a procedure's next stage asks of them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from nsw_procedures.pack import Pack

    from nsw_cli.rehearsing import Rehearsal

FOLDER: Final = "rehearsals"
LASTS: Final = timedelta(days=30)
"""A rehearsal older than this says little about the systems of today."""


def write(folder: Path, rehearsal: "Rehearsal") -> Path:
    """Write one down, in place of an earlier one of this agency and procedure."""
    file = _file(folder, rehearsal.agency, rehearsal.procedure)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(rehearsal.as_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return file


def lacking(folder: Path, pack: "Pack", agency: str) -> str:
    """Why an agency's rehearsal of this pack does not count; empty: it does."""
    from nsw_cli.rehearsing import digest  # noqa: PLC0415  # slow import

    file = _file(folder, agency, pack.code)
    try:
        record: dict[str, Any] = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return "it was never rehearsed"
    except (OSError, ValueError):
        return f"{file} cannot be read"
    if not record.get("green"):
        return "its last rehearsal did not go as the examples tell"
    if record.get("pack") != digest(pack):
        return "it was rehearsed with another pack than today's"
    if datetime.now(UTC) - datetime.fromisoformat(record["at"]) > LASTS:
        return f"its last rehearsal is older than {LASTS.days} days"
    return ""


def _file(folder: Path, agency: str, procedure: str) -> Path:
    return folder / FOLDER / f"{agency}-{procedure}.json"
