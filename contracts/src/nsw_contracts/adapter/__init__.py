"""The adapter SDK: how a ministry's system is connected to the window. Start at `protocol.py`.

`docs/adapters/first-adapter.md` is the tutorial. Everything a ministry's adapter needs is to be had from here.
"""

from nsw_contracts.adapter.context import Context, Documents, HttpSettings, Link, Secrets, Store
from nsw_contracts.adapter.errors import (
    AdapterError,
    BadAdapter,
    BrokenConfiguration,
    DocumentUnavailable,
    NoSuchWord,
    Unreadable,
)
from nsw_contracts.adapter.manifest import QUALITIES, Capabilities, Manifest, Quality
from nsw_contracts.adapter.messages import Delivery, Inbound, Judged, Reply, Said, Verdict, say
from nsw_contracts.adapter.outcomes import (
    CannotSay,
    Known,
    Misconfigured,
    NotThere,
    Outcome,
    Rejected,
    Taken,
    TryAgain,
    Unsure,
)
from nsw_contracts.adapter.protocol import MinistryAdapter, NoSettings

__all__ = [
    "QUALITIES",
    "AdapterError",
    "BadAdapter",
    "BrokenConfiguration",
    "CannotSay",
    "Capabilities",
    "Context",
    "Delivery",
    "DocumentUnavailable",
    "Documents",
    "HttpSettings",
    "Inbound",
    "Judged",
    "Known",
    "Link",
    "Manifest",
    "MinistryAdapter",
    "Misconfigured",
    "NoSettings",
    "NoSuchWord",
    "NotThere",
    "Outcome",
    "Quality",
    "Rejected",
    "Reply",
    "Said",
    "Secrets",
    "Store",
    "Taken",
    "TryAgain",
    "Unreadable",
    "Unsure",
    "Verdict",
    "say",
]
