"""The agencies, procedures and goods codes the window knows, read once from the package's data.

Every procedure's lead agency is one of the agencies; a code names one thing only. Loaders are cached and
their mappings read-only, so they can be shared without a thought.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

CATALOGUE_VERSION = "2026.1"
"""The version every procedure carries until each has a dated pack of its own."""

_SUBHEADING_LEVEL = "6"


@dataclass(frozen=True, slots=True)
class Agency:
    """A ministry that decides on dossiers; `code` is the one its messages use (`BYTE`)."""

    code: str
    name_vi: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """An administrative procedure carried out through the window.

    `placeholder` marks one that stands for a real procedure whose code and name are not known to us.
    """

    code: str
    lead_agency: str
    name_vi: str
    name_en: str
    placeholder: bool
    version: str


@cache
def agencies() -> Mapping[str, Agency]:
    """The 13 agencies by code, in the data's order."""
    return MappingProxyType({row["code"]: Agency(**row) for row in _rows("agencies.csv")})


@cache
def procedures() -> Mapping[str, Procedure]:
    """The 235 procedures by code (`BYTE0500009`), grouped by lead agency."""
    return MappingProxyType(
        {
            row["code"]: Procedure(
                code=row["code"],
                lead_agency=row["lead_agency"],
                name_vi=row["name_vi"],
                name_en=row["name_en"],
                placeholder=row["placeholder"] == "true",
                version=CATALOGUE_VERSION,
            )
            for row in _rows("procedures.csv")
        }
    )


@cache
def hs_codes() -> Mapping[str, str]:
    """English descriptions of the Harmonized System's six-digit subheadings by code (`020130`)."""
    return MappingProxyType(
        {
            row["hscode"]: row["description"]
            for row in _rows("harmonized-system.csv")
            if row["level"] == _SUBHEADING_LEVEL
        }
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (files(__package__) / "data" / name).open(encoding="utf-8") as file:
        yield from csv.DictReader(file)
