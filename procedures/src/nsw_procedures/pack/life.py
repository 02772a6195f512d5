"""The life of a procedure: agreeing → testing → connected → live → retired, no stage before the one it follows."""

from datetime import date
from itertools import pairwise
from typing import Final, Literal

from pydantic import model_validator

from nsw_procedures.pack.part import PackPart
from nsw_procedures.wrong import wrong

Stage = Literal["agreeing", "testing", "connected", "live", "retired"]
STAGES: Final[tuple[Stage, ...]] = ("agreeing", "testing", "connected", "live", "retired")


class Life(PackPart):
    """The day on which the procedure reached each stage; stages not reached are left out."""

    agreeing: date | None = None
    testing: date | None = None
    connected: date | None = None
    live: date | None = None
    retired: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "Life":
        days = [(stage, day) for stage in STAGES if (day := getattr(self, stage)) is not None]
        if not days:
            raise wrong("name at least the day on which agreeing it began")
        for (earlier, day), (later, next_day) in pairwise(days):
            if next_day < day:
                raise wrong(f"{later} ({next_day}) stands before {earlier} ({day})")
        return self

    def stage(self, on: date) -> Stage | None:
        """The stage reached on a day; None before the first."""
        reached: Stage | None = None
        for stage in STAGES:
            day = getattr(self, stage)
            if day is not None and day <= on:
                reached = stage
        return reached
