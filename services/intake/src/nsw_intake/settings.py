"""Intake's settings."""

from nsw_runtime.settings import ServiceSettings
from pydantic import Field


class IntakeSettings(ServiceSettings):
    """What intake must know beside what every service must."""

    http_port: int = 8080
    body_bytes: int = Field(default=2 * 1024 * 1024, description="largest body of a single dossier")
    bulk_bytes: int = Field(default=8 * 1024 * 1024, description="largest body of a bulk request")
    bulk_lines: int = Field(default=500, description="most dossiers in a bulk request")
    waiting_most: int = Field(default=20_000, description="dossiers that may wait for a commit before 503 is answered")
