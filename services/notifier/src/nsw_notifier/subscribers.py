"""What the notifier reads."""

from nsw_contracts.topics import REGISTRATIONS, STATUS
from nsw_runtime.service import ServiceBase

from nsw_notifier.directory import Directory
from nsw_notifier.handlers import StatusHandler


def subscribe(service: ServiceBase, directory: Directory) -> None:
    """The notifier reads the public statuses, and who may act for which business."""
    service.consume(StatusHandler(directory, service.clock), {"nsw-notifier": [STATUS.name, REGISTRATIONS.name]})
