"""What the adapter reads: the topic of each configured agency, with a consumer of its own."""

from collections.abc import Sequence

from nsw_contracts.topics import AGENCY_TOPICS
from nsw_runtime.service import ServiceBase

from nsw_ministry_adapter.handlers import WorkHandler
from nsw_ministry_adapter.settings import Agency


def subscribe(service: ServiceBase, agencies: Sequence[Agency]) -> None:
    """One consumer an agency, so that each goes at its own pace; what they bring together shares a transaction."""
    service.consume(
        WorkHandler(), {f"nsw-adapter-{agency.code.lower()}": [AGENCY_TOPICS[agency.code].name] for agency in agencies}
    )
