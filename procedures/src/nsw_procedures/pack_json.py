"""A pack as JSON: one line of a list, and the whole of it. The command and intake's pages of the rules say the same."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from nsw_procedures.pack import Pack


def summary(pack: Pack, on: date) -> dict[str, Any]:
    """What a list says of a procedure. `status` is its life's stage on that local day, None before the first."""
    return {
        "code": pack.code,
        "lead_agency": pack.lead_agency,
        "coordinating_agencies": list(pack.coordinating_agencies),
        "status": pack.life.stage(on),
        "version": pack.version,
        "effective_from": pack.effective_from.isoformat(),
        "names": {"vi": pack.names.vi, "en": pack.names.en},
        "placeholder": pack.placeholder,
        "provisional_code": pack.provisional_code,
    }


def detail(pack: Pack, versions: Sequence[Pack], on: date) -> dict[str, Any]:
    """One procedure: the whole pack, its stage on that local day, and which versions there are, the oldest first."""
    return {
        "on": on.isoformat(),
        "status": pack.life.stage(on),
        "versions": [{"version": one.version, "effective_from": one.effective_from.isoformat()} for one in versions],
        "pack": whole(pack),
    }


def whole(pack: Pack) -> dict[str, Any]:
    """Everything a pack says, in its file's own words: dates as `2026-01-01`, lengths as `3 working days`."""
    return pack.model_dump(mode="json", exclude_none=True, exclude={"form"}) | {"form": dict(pack.form)}
