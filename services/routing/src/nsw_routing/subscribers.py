"""What routing reads."""

from nsw_contracts.topics import AGENCY_RESULTS, SUBMISSIONS
from nsw_runtime.service import ServiceBase

from nsw_routing.handlers import CaseHandler


def subscribe(service: ServiceBase) -> None:
    """Routing reads what businesses and agencies did, as one group: one batch holds both."""
    service.consume(CaseHandler(), {"nsw-routing": [SUBMISSIONS.name, AGENCY_RESULTS.name]})
