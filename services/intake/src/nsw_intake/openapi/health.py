"""The operations for those who operate the service."""

from nsw_intake.openapi.answers import Alive, Readiness
from nsw_intake.openapi.operation import Answer, Operation


def operations() -> list[Operation]:
    """The operations."""
    return [
        Operation(
            "GET", "/healthz", "alive", "operation", "public", "Whether the process runs",
            {200: Answer("It does.", Alive)},
        ),
        Operation(
            "GET", "/readyz", "ready", "operation", "public", "Whether the service takes part",
            {200: Answer("It does.", Readiness), 503: Answer("It does not; `against` says why.", Readiness)},
        ),
        Operation(
            "GET", "/metrics", "metrics", "operation", "public", "Metrics for Prometheus",
            {200: Answer("Text.", {"type": "string"}, media="text/plain")},
        ),
    ]  # fmt: skip
