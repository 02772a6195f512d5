"""What an adapter says of itself. Checked when the host starts and by `nsw adapter check`."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from nsw_contracts.parts import ProcedureCode, Text

Quality = Literal["none", "bronze", "silver", "gold", "platinum"]
"""How safe an adapter was shown to be, by the kit (`docs/adapters/rules/`). Each level holds all rules below it."""

QUALITIES: Final[tuple[Quality, ...]] = ("none", "bronze", "silver", "gold", "platinum")

Way = Literal["inline", "callback", "poll"]
"""How an agency's answers come: in the reply to a delivery, by its own request to the window, or fetched from it
(polling over HTTP, files in a folder)."""


class Capabilities(BaseModel):
    """What an adapter can do; the host asks for nothing else, and the kit tests all that is declared.

    `batch`: the most deliveries of one `deliver_many`; 1: it has none. `at_once`: how many `deliver` may run side by
    side (of different dossiers). `query`: it can ask by message id. `drops_repeats`: the agency's system itself gives
    a repeated message id one effect and the first answer. `answers`: how they come. `signed`: messages are signed both
    ways, beyond the transport. `deposits`: a delivery is laid where the agency will find it, and is taken once it lies
    there; nothing of the agency's system answers it, and what it cannot take it says later.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch: Annotated[int, Field(ge=1, le=500)] = 1
    at_once: Annotated[int, Field(ge=1, le=256)] = 16
    query: bool = False
    drops_repeats: bool = False
    answers: frozenset[Way] = frozenset({"inline"})
    signed: bool = False
    deposits: bool = False

    @model_validator(mode="after")
    def _safe(self) -> "Capabilities":
        if not (self.query or self.drops_repeats):
            raise ValueError("a lost reply needs `query` or `drops_repeats`: without both, a dossier may count twice")
        if not self.answers:
            raise ValueError("`answers` is empty: no answer could ever come")
        return self


class Manifest(BaseModel):
    """What an adapter is.

    `name` is that of its entry point. `agency` is the code of the one agency it is for, `*` where the deployment says.
    `procedures`: only these; empty: all of the agency's. `contact`: whom an operator asks, an address or a page.
    `quality` is what the author claims; the kit says what was shown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
    version: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.+-]{1,40}$")]
    agency: Annotated[str, StringConstraints(pattern=r"^([A-Z]{3,8}|\*)$")]
    procedures: tuple[ProcedureCode, ...] = ()
    protocol: Text
    contact: Text
    capabilities: Capabilities
    quality: Quality = "none"
