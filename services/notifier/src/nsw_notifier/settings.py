"""The notifier's settings."""

from nsw_runtime.settings import ServiceSettings
from pydantic import Field


class NotifierSettings(ServiceSettings):
    """What the notifier must know beside what every service must."""

    http_port: int = 8083
    batch_wait_seconds: float = Field(
        default=2.0, ge=0, description="how long events gather for a business that takes batches"
    )
    batch_events: int = Field(default=500, ge=1, le=1000, description="most events in one webhook")
    timeout_seconds: float = Field(default=15.0, gt=0, description="bound on one webhook request")
