"""A procedure's messages in its ministry's own codes: each type and function has one meaning."""

from collections.abc import Mapping
from typing import Annotated, Literal

from nsw_contracts.lifecycle import STATUSES, AgencySays, Told
from pydantic import Field, StringConstraints, field_validator, model_validator

from nsw_procedures.pack.part import PackPart
from nsw_procedures.wrong import wrong

Outcome = Literal["passed", "failed", "licensed"]


class Outgoing(PackPart):
    """What the agency is told (`tells`), in the ministry's own type and function; `content` is its body's element.

    `elements`: what fills the content's elements beside the form, by path below the content (`vnsw/sources.py`).
    """

    tells: Told
    type: Annotated[str, StringConstraints(min_length=1, max_length=3)]
    function: Annotated[str, StringConstraints(min_length=1, max_length=3)]
    content: str = ""
    elements: Mapping[str, str] = Field(default_factory=dict)


class Incoming(PackPart):
    """What the ministry's type and function mean (`means`); a result says with which outcome.

    `fields`: the element of the content behind each field of the agency's fact; `or …` is said where it is empty.
    """

    type: Annotated[str, StringConstraints(min_length=1, max_length=3)]
    function: Annotated[str, StringConstraints(min_length=1, max_length=3)]
    means: AgencySays
    outcome: Outcome | None = None
    content: str = ""
    fields: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _outcome(self) -> "Incoming":
        if (self.means in ("result-issued", "result-amended")) != (self.outcome is not None):
            raise wrong("`outcome` goes with result-issued and result-amended, and with nothing else")
        return self


class Messages(PackPart):
    """The ministry's own codes. `statuses`: its status codes and the window's status for each."""

    protocol: Literal["canonical", "vnsw"] = "canonical"
    statuses: Mapping[str, str] = Field(default_factory=dict)
    outgoing: tuple[Outgoing, ...] = ()
    incoming: tuple[Incoming, ...] = ()

    @field_validator("statuses")
    @classmethod
    def _known(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for code, status in value.items():
            if status not in STATUSES and status != "draft":
                raise wrong(f"code {code}: no status {status!r}; there are draft, {', '.join(STATUSES)}")
        return value

    @model_validator(mode="after")
    def _each_once(self) -> "Messages":
        seen: set[tuple[str, str]] = set()
        for one in self.incoming:
            if (one.type, one.function) in seen:
                raise wrong(f"type {one.type} function {one.function} comes in twice; one meaning for each")
            seen.add((one.type, one.function))
        told = [one.tells for one in self.outgoing]
        for tells in told:
            if told.count(tells) > 1:
                raise wrong(f"`tells: {tells}` stands twice in outgoing")
        return self
