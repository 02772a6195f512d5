"""The agencies and goods codes the window knows, read once from the package's data.

A code names one thing only. Loaders are cached and their mappings read-only, so they can be shared without a thought.
Procedures are packs: see `packs`.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

_SUBHEADING_LEVEL = "6"


@dataclass(frozen=True, slots=True)
class Agency:
    """A ministry that decides on dossiers; `code` is the one its messages use (`BYTE`)."""

    code: str
    name_vi: str
    name_en: str


@cache
def agencies() -> Mapping[str, Agency]:
    """The 13 agencies by code, in the data's order."""
    return MappingProxyType({row["code"]: Agency(**row) for row in _rows("agencies.csv")})


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
