"""What routing reads, and that its cases have clocks."""

from nsw_contracts.topics import AGENCY_RESULTS, SUBMISSIONS
from nsw_runtime.service import ServiceBase

from nsw_routing.handlers import CaseHandler


def subscribe(service: ServiceBase, handler: CaseHandler) -> None:
    """Routing reads what businesses and agencies did, as one group: one batch holds both."""
    service.consume(handler, {"nsw-routing": [SUBMISSIONS.name, AGENCY_RESULTS.name]})
    service.keep_time(handler)
