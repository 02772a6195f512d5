"""Routing's settings."""

from nsw_runtime.settings import ServiceSettings


class RoutingSettings(ServiceSettings):
    """What routing must know beside what every service must."""

    http_port: int = 8081
