"""Whether each service of a running stack is ready, and what stands against it."""

from collections.abc import Mapping
from typing import NamedTuple

from nsw_contracts.topics import SERVICES
from nsw_local import State

from nsw_cli.errors import CommandError
from nsw_cli.http import get_json


class Readiness(NamedTuple):
    """One service's `/readyz`; `against` says, by condition, what is wrong and what to do."""

    service: str
    url: str
    ready: bool
    against: Mapping[str, str]


def readiness(stack: State) -> list[Readiness]:
    """Ask every service of the stack."""
    return [_ask(service, f"{stack.urls[service]}/readyz") for service in SERVICES if service in stack.urls]


def _ask(service: str, url: str) -> Readiness:
    try:
        body = get_json(url).body
    except CommandError as error:
        return Readiness(service, url, ready=False, against={"http": str(error)})
    return Readiness(service, url, ready=body["ready"], against=body["against"])
