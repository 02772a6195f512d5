"""Every business of the country in one process, each with its webhook door at `/hooks/{tax_code}`.

Webhooks are those of Standard Webhooks: signed over id, time and body with the declarant's secret. One that
is not right is answered 401 and counted, and has no effect. An event id has one effect, alone or in a batch.

    POST /hooks/{tax_code}   one event, webhook-id its id; or a batch of events, each with its own id
    PUT  /secrets            NDJSON {"declarant", "secret": "whsec_..."}; a declarant's last one counts
"""

import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from nsw_benchmarks.http_door import Reply, Request, main
from nsw_benchmarks.simulator import OK, Simulator

BATCH_TYPE = "vn.nsw.dossier.batch.v1"
_TOLERANCE_SECONDS = 300  # the Standard Webhooks libraries' window, into the past and the future
_SECRET_PREFIX = "whsec_"  # noqa: S105 (what marks one, not one)


class _Arrival(NamedTuple):
    number: str
    revision: int
    status: str
    declarant: str
    at: float


class BusinessSimulator(Simulator[_Arrival]):
    """All businesses; see the module. A reset keeps the secrets."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock, "event_id", _Arrival._fields)
        self._secrets: dict[str, bytes] = {}

    def reset(self) -> None:
        """Forget what was seen and all faults."""
        super().reset()
        self._bad_signatures = 0

    def summary(self) -> dict[str, Any]:
        """Requests, distinct events and their repeats, webhooks not rightly signed, secrets known."""
        return {
            "requests": self.requests,
            "events": len(self.seen),
            "wire_repeats": self.seen.wire_repeats,
            "bad_signatures": self._bad_signatures,
            "secrets": len(self._secrets),
        }

    def receive(self, request: Request) -> Reply | None:
        """Take webhooks and secrets in."""
        match request.method, request.path.split("/")[1:]:
            case "POST", ["hooks", declarant]:
                return self.with_faults(declarant, lambda: self._hear(request, declarant))
            case "PUT", ["secrets"]:
                return self._learn(request.body)
        return None

    def _learn(self, body: bytes) -> Reply:
        for line in body.splitlines():
            entry = orjson.loads(line)
            secret = entry["secret"].removeprefix(_SECRET_PREFIX)
            self._secrets[entry["declarant"]] = b64decode(secret, validate=True)
        return OK

    def _hear(self, request: Request, declarant: str) -> Reply:
        now = self.clock()
        if not self._signed(request, declarant, now):
            self._bad_signatures += 1
            return Reply(401, b'{"title":"the signature does not match"}')
        body = orjson.loads(request.body)
        if body["type"] == BATCH_TYPE:
            events = [(event["id"], event["data"]) for event in body["data"]["events"]]
        else:
            events = [(request.headers[b"webhook-id"].decode(), body["data"])]
        # All are read before one is applied: a request has its whole effect or none.
        arrivals = [
            (event_id, _Arrival(data["number"], data["revision"], data["status"], declarant, now))
            for event_id, data in events
        ]
        for event_id, arrival in arrivals:
            self.seen.arrived(event_id, arrival)
        return OK

    def _signed(self, request: Request, declarant: str, now: float) -> bool:
        secret = self._secrets.get(declarant)
        message_id = request.headers.get(b"webhook-id")
        timestamp = request.headers.get(b"webhook-timestamp", b"")
        if secret is None or message_id is None or not timestamp.isdigit():
            return False
        if abs(now - int(timestamp)) > _TOLERANCE_SECONDS:
            return False
        signed = b"%b.%b.%b" % (message_id, timestamp, request.body)
        expected = b"v1," + b64encode(hmac.digest(secret, signed, "sha256"))
        offered = request.headers.get(b"webhook-signature", b"").split(b" ")
        return any(hmac.compare_digest(expected, signature) for signature in offered)


if __name__ == "__main__":
    main("Every business of the country, simulated.", BusinessSimulator(time.time))
