"""An inspection policy as a pack states it: how a kind of goods earns lighter inspection, and loses it.

Modes go tight → normal → reduced → exempt by consecutive passes, and back to tight on a failure; random checks spare no
mode. What is inspected is the goods, whoever imports them.
"""

from typing import Annotated, Final, Literal

from nsw_contracts.events import InspectionMode
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from nsw_procedures.wrong import wrong

MODES: Final[tuple[InspectionMode, ...]] = ("tight", "normal", "reduced", "exempt")
GoodsField = Literal["hs_code", "origin_country", "description"]
MOST_PERCENT: Final = 5  # the reform of 2020: random checks of at most 5 %


class InspectionPolicy(BaseModel):
    """One policy. Procedures with the same `name` share what is known of the goods.

    `goods`: which fields of a line make it the same goods; `form_fields`: which of the form's do (a manufacturer's
    code). `start`: the mode of goods nobody has seen yet. `passes`: so many consecutive passes lead from each mode to
    the next; a mode that is not named leads no further. `exempt_months`: how long exemption holds; then it is
    `reduced` again. `after_failure`: the mode after a failure. `random_percent`: the share of spared lines (`reduced`
    and `exempt`) that are checked all the same, 0 to 5.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
    goods: tuple[GoodsField, ...] = Field(default=("hs_code", "origin_country"), min_length=1)
    form_fields: tuple[str, ...] = ()
    start: InspectionMode = "normal"
    passes: dict[Literal["tight", "normal", "reduced"], Annotated[int, Field(ge=1, le=100)]]
    exempt_months: int = Field(default=12, ge=1, le=60)
    after_failure: Literal["tight", "normal"] = "tight"
    random_percent: float = Field(default=0, ge=0, le=MOST_PERCENT)
    basis: str = ""

    @model_validator(mode="after")
    def _chain(self) -> "InspectionPolicy":
        if "reduced" in self.passes and "normal" not in self.passes:
            raise wrong("passes: reduced leads to exempt, but nothing leads from normal to reduced")
        if "tight" not in self.passes:
            raise wrong("passes: name how many passes lead from tight to normal, or goods that failed once stay there")
        return self
