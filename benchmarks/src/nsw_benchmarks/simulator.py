"""What the simulators have in common: they count, dump what they saw, start anew, and fail to order.

GET  /seen       NDJSON in order of first arrival; ?offset=0&limit=100000 gives a page
GET  /summary    counts
POST /reset      forgets what was seen and all faults, and goes back to the mix `plain`
POST /mix        {"mix": "plain" or "full"}: by which stories dossiers go from now on
POST /faults     InjectedFaults; "only" (an agency's code, a business's tax code) leaves the others alone
"""

import binascii
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic
from urllib.parse import parse_qs

import orjson

from nsw_benchmarks.http_door import Reply, Request
from nsw_benchmarks.seen import Record, Seen
from nsw_benchmarks.stories import MIXES, Mix

OK = Reply(200)


@dataclass(slots=True)
class InjectedFaults:
    """What is still to go wrong.

    `drop_replies`: so many requests are applied and then the connection closed without an answer.
    `unavailable`: so many requests are answered 503 and not applied.
    `delay_ms`: every answer waits so long, its request applied at once, until set to 0.
    """

    drop_replies: int = 0
    unavailable: int = 0
    delay_ms: int = 0

    def __post_init__(self) -> None:
        for value in (self.drop_replies, self.unavailable, self.delay_ms):
            if not isinstance(value, int) or value < 0:
                raise TypeError(f"a fault is a whole number of 0 or more, not {value!r}")

    def refuses(self) -> bool:
        """Whether this request is answered 503 instead of being applied."""
        if not self.unavailable:
            return False
        self.unavailable -= 1
        return True

    def spoil(self, reply: Reply) -> Reply:
        """The answer as the faults leave it."""
        if self.delay_ms:
            reply = reply._replace(delay_ms=self.delay_ms)
        if self.drop_replies and reply.status == OK.status:
            self.drop_replies -= 1
            reply = reply._replace(hang_up=True)
        return reply


class Simulator(ABC, Generic[Record]):
    """Base of both simulators; an instance is the handler of its process.

    `clock` gives seconds since the epoch. A request that is not of the agreed shape is answered 400.
    """

    def __init__(self, clock: Callable[[], float], id_field: str, fields: tuple[str, ...]) -> None:
        self.clock = clock
        self._new_seen: Callable[[], Seen[Record]] = lambda: Seen(id_field, fields)
        self.reset()

    def __call__(self, request: Request) -> Reply:
        """Answer one request, whatever it is."""
        try:
            reply = self.receive(request) or self._administer(request)
        except (
            orjson.JSONDecodeError,
            binascii.Error,
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
        ) as error:
            return Reply(400, orjson.dumps({"title": "not the agreed shape", "detail": repr(error)}))
        return reply or Reply(404, orjson.dumps({"title": "no such door", "detail": request.path}))

    @abstractmethod
    def receive(self, request: Request) -> Reply | None:
        """Answer what the window sends; None: the request is for another door."""

    @abstractmethod
    def summary(self) -> dict[str, Any]:
        """The counts, as `GET /summary` gives them."""

    def reset(self) -> None:
        """Forget what was seen and all faults, and go by plain stories."""
        self.mix: Mix = "plain"
        self.seen = self._new_seen()
        self.requests = 0
        self._faults: dict[str | None, InjectedFaults] = {None: InjectedFaults()}

    def with_faults(self, target: str, apply: Callable[[], Reply]) -> Reply:
        """Apply a request to `target` (an agency, a business) unless unavailable, and spoil the answer."""
        self.requests += 1
        faults = self._faults.get(target) or self._faults[None]
        return faults.spoil(Reply(503) if faults.refuses() else apply())

    def _administer(self, request: Request) -> Reply | None:
        match request.method, request.path:
            case "GET", "/seen":
                asked = {name: int(values[0]) for name, values in parse_qs(request.query).items()}
                return Reply(200, self.seen.page(asked.get("offset", 0), asked.get("limit")))
            case "GET", "/summary":
                return Reply(200, orjson.dumps(self.summary()))
            case "POST", "/reset":
                self.reset()
                return OK
            case "POST", "/mix":
                mix = orjson.loads(request.body)["mix"]
                if mix not in MIXES:
                    raise ValueError(f"no mix {mix!r}; there are {', '.join(MIXES)}")
                self.mix = mix
                return OK
            case "POST", "/faults":
                order = orjson.loads(request.body)
                target = order.pop("only", None)
                self._faults[target] = InjectedFaults(**order)
                return OK
        return None
