"""A pack's examples: dossiers with their stories, which documentation tells and tests live through."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from nsw_procedures.pack.part import Kind, Names, PackPart


class ExampleGoods(PackPart):
    """One line of an example's goods."""

    hs_code: str
    description: str
    origin_country: str
    quantity: str
    unit: str


class Example(PackPart):
    """A dossier as a business would file it, and what then happens to it: told in documents, tried by the tests.

    `documents` names kinds. `story` is what follows, one step a line: `BYTE accepted`, `BYTE result-issued licensed`,
    `declarant payment`; `ends` is the dossier's status after it.
    """

    name: Names
    direction: Literal["import", "export", "transit"]
    border_gate: str
    partner_country: str
    goods: tuple[ExampleGoods, ...] = ()
    form: Mapping[str, Any] = Field(default_factory=dict)
    documents: tuple[Kind, ...] = ()
    story: tuple[str, ...] = Field(min_length=1)
    ends: str
