"""Every business of the country in one process, each with its webhook door at `/hooks/{tax_code}`.

Webhooks are those of Standard Webhooks: signed over id, time and body with the declarant's secret. One that
is not right is answered 401 and counted, and has no effect. An event id has one effect, alone or in a batch.

    POST /hooks/{tax_code}   one event, webhook-id its id; or a batch of events, each with its own id
    PUT  /secrets            NDJSON {"declarant", "secret": "whsec_..."}; a declarant's last one counts
    GET  /tasks              NDJSON {"number", "revision"} in order: dossiers whose story has the business do something,
                             and the revision that tells it to; ?offset=0
"""

import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import orjson

from nsw_benchmarks.http_door import Reply, Request, main
from nsw_benchmarks.simulator import OK, Simulator
from nsw_benchmarks.stories import story

BATCH_TYPE = "vn.nsw.dossier.batch.v1"
_TOLERANCE_SECONDS = 300  # the Standard Webhooks libraries' window, into the past and the future
_TYPE = ("vn.nsw.dossier.", ".v1")  # what an event's type begins and ends with
_SECRET_PREFIX = "whsec_"  # noqa: S105 (what marks one, not one)


class _Arrival(NamedTuple):
    number: str
    revision: int
    what: str
    status: str
    agency: str
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
        self._tasks: dict[str, int] = {}
        self._ended = 0

    def summary(self) -> dict[str, Any]:
        """Requests, distinct events and their repeats, how many of them end a story, bad signatures, secrets known."""
        return {
            "requests": self.requests,
            "events": len(self.seen),
            "ended": self._ended,
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
            case "GET", ["tasks"]:
                offset = int(parse_qs(request.query).get("offset", ["0"])[0])
                tasks = islice(self._tasks.items(), offset, None)
                return Reply(200, b"".join(b'{"number":"%b","revision":%d}\n' % (n.encode(), r) for n, r in tasks))
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
            events = [(event["id"], event) for event in body["data"]["events"]]
        else:
            events = [(request.headers[b"webhook-id"].decode(), body)]
        # All are read before one is applied: a request has its whole effect or none.
        arrivals = [(event_id, _read(event, declarant, now)) for event_id, event in events]
        for event_id, arrival in arrivals:
            if self.seen.arrived(event_id, arrival) is arrival:
                self._think(arrival)
        return OK

    def _think(self, heard: _Arrival) -> None:
        """Note whether a story ends with this, or goes on with something the business does."""
        told = story(heard.number, heard.declarant, self.mix)
        if heard.status == told.ends:
            self._ended += 1
        elif told.trigger == (heard.what, heard.status):
            self._tasks.setdefault(heard.number, heard.revision)

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


def _read(event: dict[str, Any], declarant: str, at: float) -> _Arrival:
    data = event["data"]
    what = data.get("what") or event["type"].removeprefix(_TYPE[0]).removesuffix(_TYPE[1])
    return _Arrival(data["number"], data["revision"], what, data["status"], data["agency"], declarant, at)


if __name__ == "__main__":
    main("Every business of the country, simulated.", BusinessSimulator(time.time))
