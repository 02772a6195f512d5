"""The local stack: real Kafka and Postgres from registries, without root or Docker."""

from .background import down, state, up
from .errors import LocalStackError
from .ports import Ports
from .settings import Settings
from .spec import Command, Process, Spec
from .stack import Stack
from .state import State

__all__ = [
    "Command",
    "LocalStackError",
    "Ports",
    "Process",
    "Settings",
    "Spec",
    "Stack",
    "State",
    "down",
    "state",
    "up",
]
