"""The golden JSON Schemas and the AsyncAPI document, committed beside the models that make them.

A schema describes what a reader accepts (pydantic's mode "validation"), not what a writer happens to write:
only there is a property with a default optional, as it is in every fact that was journaled before the
property existed. In mode "serialization" each such property is required, and no addition would ever be
compatible.

    python -m nsw_contracts.schemas --check    lists every difference; exits 1 if there is one
    python -m nsw_contracts.schemas --write    writes the files; refuses what today's readers could not read
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema

from nsw_contracts.asyncapi import asyncapi
from nsw_contracts.compatibility import Finding, incompatibilities
from nsw_contracts.envelope import dataschema
from nsw_contracts.events import FACTS

CONTRACTS: Final = Path(__file__).resolve().parents[2]
"""The member's folder in a checkout; the golden files are not part of the installed package."""

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
MEND: Final = "make schemas"


class _Untitled(GenerateJsonSchema):
    """pydantic's generator without a `title` for each property: it only repeats the property's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # the signature is pydantic's
        return False


def schema(fact_type: str) -> dict[str, Any]:
    """The JSON Schema of one fact type's value.

    Raises:
        KeyError: `nsw_contracts.events.FACTS` has no such type.
    """
    body = FACTS[fact_type].model_json_schema(mode="validation", schema_generator=_Untitled)
    return {"$schema": DIALECT, "$id": dataschema(fact_type), **body, "title": fact_type}


@dataclass(frozen=True, slots=True)
class Drift:
    """A committed file that is not what the models make.

    `why` says how it differs; `findings` what makes it incompatible with the committed one, empty when
    `--write` may mend it. `made` is the file's new text, None when no model makes this file any more.
    """

    path: Path
    why: str
    made: str | None
    findings: tuple[Finding, ...] = ()


def drift(folder: Path = CONTRACTS) -> list[Drift]:
    """Every file under `folder` (`schemas/<type>.json`, `asyncapi.json`) that is not what the models make.

    Raises:
        ValueError: a committed schema is not JSON, or a `$ref` in it leads nowhere.
    """
    made = {folder / "schemas" / f"{fact_type}.json": schema(fact_type) for fact_type in FACTS}
    found = [one for path, document in made.items() if (one := _schema_drift(path, document)) is not None]
    gone = (Finding("", "facts of this type stay in journals, and nothing could read them"),)
    orphans = (path for path in sorted((folder / "schemas").glob("*.json")) if path not in made)
    found.extend(Drift(path, "has no model in nsw_contracts.events.FACTS", None, gone) for path in orphans)
    path = folder / "asyncapi.json"
    text = _text(asyncapi())
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        found.append(Drift(path, "differs" if path.exists() else "is missing", text))
    return found


def _schema_drift(path: Path, document: dict[str, Any]) -> Drift | None:
    text = _text(document)
    if not path.exists():
        return Drift(path, "is missing", text)
    committed = path.read_text(encoding="utf-8")
    if committed == text:
        return None
    try:
        old = json.loads(committed)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON ({error}): restore it with `git checkout {path}`") from error
    findings = incompatibilities(old, document)
    return Drift(path, "differs, and not compatibly" if findings else "differs, compatibly", text, findings)


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def check(folder: Path = CONTRACTS) -> int:
    """Print every difference and what mends it; 0 when there is none, else 1."""
    differences = drift(folder)
    for one in differences:
        print(_line(one, folder), file=sys.stderr)
    if any(one.findings for one in differences):
        print(_REFUSAL, file=sys.stderr)
    elif differences:
        print(
            f"The committed contracts are behind the models. Mend: `{MEND}`, and commit what it writes.",
            file=sys.stderr,
        )
    return 1 if differences else 0


def write(folder: Path = CONTRACTS) -> int:
    """Write every file that differs, or none: 1 when a committed schema would change incompatibly, else 0."""
    differences = drift(folder)
    if any(one.findings for one in differences):
        for one in differences:
            if one.findings:
                print(_line(one, folder), file=sys.stderr)
        print(_REFUSAL, file=sys.stderr)
        return 1
    for one in differences:
        if one.made is not None:
            one.path.parent.mkdir(parents=True, exist_ok=True)
            one.path.write_text(one.made, encoding="utf-8")
            print(f"wrote {one.path.relative_to(folder)}")
    return 0


_REFUSAL: Final = (
    "Refused, and nothing was written: services of the last release, or facts already journaled, could not be"
    " read. Leave the `.v1` model as it was, put the new one beside it under a new type (`.v2`) in"
    f" nsw_contracts.events.FACTS, then run `{MEND}`."
)


def _line(one: Drift, folder: Path) -> str:
    lines = [f"{one.path.relative_to(folder)} {one.why}", *(f"  {finding}" for finding in one.findings)]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m nsw_contracts.schemas", description="Golden schemas and AsyncAPI.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help="list what differs from the models; exit 1 if anything does")
    what.add_argument("--write", action="store_true", help="write what differs; refuse incompatible changes")
    chosen = parser.parse_args(arguments)
    if not (CONTRACTS / "pyproject.toml").is_file():
        print(
            f"{CONTRACTS} is not a checkout: run this from the repository, not from an installed wheel",
            file=sys.stderr,
        )
        return 2
    return check() if chosen.check else write()


if __name__ == "__main__":
    sys.exit(main())
