"""What an endpoint's answer comes to: when to try again, for how long, and when to stop. Pure but for the jitter.

What keeps an endpoint from taking anything (no connection, 5xx, 401, 404, 429 …) holds its whole queue, for days. What
it says of one event (400, 413, 415, 422) holds that event's dossier, is tried a few times, and is put aside.
"""

import random
from typing import Final, Literal

from nsw_notifier.endpoints import Answer, Unreached

WAITS: Final = (0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)
"""Seconds before the second try, the third and so on; the last of them from then on."""

OF_THE_EVENT: Final = frozenset({400, 413, 415, 422})
TRIES_OF_AN_EVENT: Final = 6  # over some 20 seconds, before it is put aside
GONE: Final = 410

Meaning = Literal["taken", "gone", "event", "endpoint"]


def meaning(said: Answer | Unreached) -> Meaning:
    """Whom an answer speaks of: it took it, it is gone for good, it refuses this event, or it takes nothing now."""
    if isinstance(said, Unreached):
        return "endpoint"
    if said.taken:
        return "taken"
    if said.status == GONE:
        return "gone"
    return "event" if said.status in OF_THE_EVENT else "endpoint"


def reason(said: Answer | Unreached) -> str:
    """Why it was not taken, in words; nothing of the answer's body."""
    return f"the endpoint answered {said.status}" if isinstance(said, Answer) else f"the endpoint: {said.why}"


def wait(tries: int, said: Answer | Unreached | None = None) -> float:
    """Seconds to wait after so many tries (1: the first), with jitter; longer if the endpoint says so."""
    delay = WAITS[min(tries, len(WAITS)) - 1] * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, not a secret
    asked = said.retry_after if isinstance(said, Answer) else None
    return delay if asked is None else max(delay, asked)
