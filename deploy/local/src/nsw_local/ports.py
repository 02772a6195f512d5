"""The ports of a local stack, all on 127.0.0.1.

`Ports.free` keeps away from the range the kernel gives to outgoing connections: a client that keeps trying a
stopped broker's port inside that range may connect to itself and hold the port when the broker comes back.
"""

import random
import socket
from dataclasses import astuple, dataclass, fields

from .errors import PortTakenError

HOST = "127.0.0.1"
FREE_FROM, FREE_TO = 15_000, 32_000
"""Below the ephemeral ranges of Linux (32768 on) and macOS (49152 on)."""


@dataclass(frozen=True)
class Ports:
    """One TCP port for each part."""

    kafka: int = 9092
    kafka_controller: int = 9093
    postgres: int = 5433
    intake: int = 8080
    routing: int = 8081
    adapter: int = 8082
    notifier: int = 8083
    agency_simulator: int = 8090
    business_simulator: int = 8091
    zipkin: int = 9411
    issuer: int = 8070

    @classmethod
    def from_base(cls, base: int) -> "Ports":
        """Consecutive ports from `base` on, in the order of the fields."""
        return cls(*range(base, base + len(fields(cls))))

    @classmethod
    def free(cls) -> "Ports":
        """Consecutive ports nobody listens on at the moment, at random, for tests."""
        while True:
            base = random.randrange(FREE_FROM, FREE_TO)  # noqa: S311 - spreads tests, protects nothing
            ports = cls.from_base(base)
            if all(is_free(port) for port in astuple(ports)):
                return ports


def is_free(port: int) -> bool:
    """Whether we could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do: TIME_WAIT is no user
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def require_free(name: str, port: int) -> None:
    """Raise `PortTakenError` if somebody listens on `port`; `name` says what we want it for."""
    if not is_free(port):
        raise PortTakenError(name, port)
