"""Verified before use: an endpoint answers a signed challenge before it is sent anything else.

    POST  {"type": "vn.nsw.subscription.challenge.v1", "timestamp": …, "data": {"subscription": …, "challenge": …}}
    200   {"challenge": the same}

Whoever can answer that is meant by the address: nobody can have the window send to an endpoint that is not theirs.
"""

import json
from collections.abc import Sequence
from typing import Final

from nsw_runtime.clock import Clock
from nsw_runtime.intents import Pending
from nsw_runtime.sender import Done, Retry

from nsw_notifier import trying
from nsw_notifier.endpoints import Answer, Endpoints
from nsw_notifier.outcome import Group
from nsw_notifier.subscription import Subscription
from nsw_notifier.webhook import CHALLENGE_TYPE, control_json, sign

TRIES: Final = 5  # over some ten seconds; then the business asks for another challenge itself


class Challenger:
    """Asks endpoints."""

    def __init__(self, *, endpoints: Endpoints, clock: Clock) -> None:
        self._endpoints = endpoints
        self._clock = clock

    async def send(self, subscription: Subscription, pending: Sequence[Pending]) -> Group:
        """Ask once, whatever number of challenges wait."""
        one, now = pending[0], self._clock()
        body = control_json(CHALLENGE_TYPE, now, {"subscription": subscription.id, "challenge": one.id})
        headers = sign(subscription.secrets(now), one.id, now, body) | {"content-type": "application/json"}
        said = await self._endpoints.post(subscription.address, headers, body)
        if isinstance(said, Answer) and said.taken and _echoes(said.start, one.id):
            return Group(subscription, [Done(())] * len(pending), turn="verified")
        why = trying.reason(said)
        if isinstance(said, Answer) and said.taken:
            why = "the endpoint's answer does not hold the challenge"
        done = one.attempts + 1 >= TRIES
        attempt = Done(()) if done else Retry(why, trying.wait(one.attempts + 1))
        return Group(subscription, [attempt] * len(pending), turn="unverified", why=why)


def _echoes(start: bytes, expected: str) -> bool:
    try:
        said = json.loads(start)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("challenge") == expected
