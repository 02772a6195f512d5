"""What intake reads."""

from nsw_contracts.topics import STATUS
from nsw_runtime.service import ServiceBase

from nsw_intake.handlers import StatusHandler


def subscribe(service: ServiceBase) -> None:
    """Intake reads the public statuses."""
    service.consume(StatusHandler(), {"nsw-intake": [STATUS.name]})
