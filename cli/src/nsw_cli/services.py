"""The services this command starts and installs, and the package of each."""

from typing import Final

from nsw_contracts.topics import Service

PACKAGES: Final[dict[Service, str]] = {
    "intake": "nsw_intake",
    "routing": "nsw_routing",
    "ministry-adapter": "nsw_ministry_adapter",
    "notifier": "nsw_notifier",
}
"""Each runs with `python -m` and carries its migrations."""
