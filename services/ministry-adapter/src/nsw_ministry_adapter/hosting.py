"""The agencies of one process, each with its adapter and everything that keeps it apart from the others.

What one agency's system does costs the others nothing: each has a lane of its own in the sender, its own pool, pace,
circuit and schedule, and whatever its adapter does is bounded in time and caught.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nsw_contracts.adapter import BadAdapter, BrokenConfiguration, MinistryAdapter
from nsw_contracts.adapter.discovery import load, settings_of
from nsw_contracts.adapter.redaction import Redaction
from nsw_procedures.packs import packs
from nsw_runtime.clock import Clock
from nsw_runtime.database import Pool
from nsw_runtime.errors import BadSettings

from nsw_ministry_adapter.circuit import Circuit
from nsw_ministry_adapter.giving import context_of
from nsw_ministry_adapter.pace import Pace
from nsw_ministry_adapter.settings import AdapterSettings, AgencySettings

GRACE_SECONDS: Final = 5.0
"""How much longer than its own timeout an adapter may take before it is cancelled."""


@dataclass(frozen=True, slots=True)
class Hosted:
    """One hosted agency."""

    code: str
    settings: AgencySettings
    adapter: MinistryAdapter
    circuit: Circuit
    pace: Pace

    @property
    def seconds(self) -> float:
        """How long a call of the adapter may take."""
        return self.settings.http.timeout_seconds + GRACE_SECONDS


async def open_agencies(
    agencies: Sequence[AgencySettings], settings: AdapterSettings, pool: Pool, clock: Clock, redaction: Redaction
) -> dict[str, Hosted]:
    """Make and open the adapter of each agency.

    Raises:
        BadSettings: an adapter is wrong, or its settings or secrets are; the text names the agency and the next step.
    """
    hosted: dict[str, Hosted] = {}
    try:
        for agency in agencies:
            kind = _load(agency)
            try:
                adapter = kind(context_of(agency, settings, pool, clock, redaction), settings_of(kind, agency.settings))
                await adapter.open()
            except BrokenConfiguration as error:
                raise BadSettings(f"agency {agency.code}: {error}") from error
            circuit = Circuit(agency.retry_seconds, agency.circuit_failures)
            hosted[agency.code] = Hosted(agency.code, agency, adapter, circuit, Pace(agency.rate))
    except BaseException:
        await close_agencies(hosted)
        raise
    return hosted


async def close_agencies(hosted: dict[str, Hosted]) -> None:
    """Close every adapter."""
    for one in hosted.values():
        await one.adapter.close()


def _load(agency: AgencySettings) -> type[MinistryAdapter]:
    try:
        kind = load(agency.adapter)
    except BadAdapter as error:
        raise BadSettings(f"agency {agency.code}: {error}") from error
    manifest = kind.manifest
    if manifest.agency not in ("*", agency.code):
        raise BadSettings(f"agency {agency.code}: adapter {manifest.name} is for {manifest.agency}")
    for code in manifest.procedures:
        if not any(agency.code in pack.agencies for pack in packs().versions(code)):
            raise BadSettings(
                f"agency {agency.code}: adapter {manifest.name} names the procedure {code}, "
                f"in which {agency.code} takes no part (`nsw procedure list --agency {agency.code}`)"
            )
    return kind
