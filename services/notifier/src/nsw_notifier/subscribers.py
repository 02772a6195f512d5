"""What the notifier reads."""

from nsw_contracts.topics import REGISTRATIONS, STATUS
from nsw_runtime.service import ServiceBase

from nsw_notifier.handlers import StatusHandler
from nsw_notifier.transport import WebhookTransport


def subscribe(service: ServiceBase, transport: WebhookTransport) -> None:
    """The notifier reads the public statuses, and who may act for which business."""
    service.consume(StatusHandler(transport.remember), {"nsw-notifier": [STATUS.name, REGISTRATIONS.name]})
