"""Filing single dossiers by hand."""

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from nsw_benchmarks.profile import Profile

if TYPE_CHECKING:
    from support.live import Live

_PROFILE = Profile(11, 20, "plain")
BUSINESSES = _PROFILE.businesses
"""Those who file them; the broker that tests call as acts for all of them."""

BODIES = [filing.body for filing in _PROFILE.dossiers(50)]
"""Of procedures that one agency decides without inspection: what becomes of them is known from their numbers."""


def dossier(which: int = 0) -> dict[str, Any]:
    """A valid dossier, to be spoiled."""
    return json.loads(BODIES[which])


async def file_one(live: "Live", key: str = "", body: Any = None, **headers: str) -> tuple[int, Any]:
    """File one dossier; the status and the receipt or problem."""
    data = body if isinstance(body, (bytes, str)) else json.dumps(body or dossier())
    sent = {"content-type": "application/json", "idempotency-key": key.replace(" ", "-") or uuid4().hex} | headers
    return await live.ask("POST", f"{live.intake}/v1/dossiers", data=data, headers=sent)
