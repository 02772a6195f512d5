"""What the adapter reads: the topic of each configured agency, with a consumer of its own, and registrations."""

from collections.abc import Sequence

from nsw_contracts.topics import AGENCY_TOPICS, REGISTRATIONS
from nsw_runtime.service import ServiceBase

from nsw_ministry_adapter.handlers import WorkHandler
from nsw_ministry_adapter.settings import AgencySettings


def subscribe(service: ServiceBase, agencies: Sequence[AgencySettings]) -> None:
    """One consumer an agency, so that each goes at its own pace; what they bring together shares a transaction."""
    topics = {f"nsw-adapter-{agency.code.lower()}": [AGENCY_TOPICS[agency.code].name] for agency in agencies}
    service.consume(WorkHandler(), topics | {"nsw-adapter-registrations": [REGISTRATIONS.name]})
