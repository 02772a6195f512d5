"""What every part of a pack is made of: fields that nobody knows are mistakes, texts stand in both languages."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]


class PackPart(BaseModel):
    """Base of everything in a pack: a field nobody knows is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Names(PackPart):
    """A name or text in both languages."""

    vi: Name
    en: Name
