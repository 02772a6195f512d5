"""A test agency as a process of its own, for adapters whose protocol runs over HTTP: derive, write `respond`, `run`.

It remembers what each message did, misbehaves to order, and says what it is told to. The kit orders over a control door
on loopback; the protocol's own door is everything else. Standard library only.
"""

import base64
import json
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final, NamedTuple, cast

from nsw_contracts.adapter.conformance.orders import Effect, Saying, Trouble, Way

CONTROL: Final = "/control/"
_DRIP_SECONDS: Final = 0.05
_HUGE_PIECES: Final = 1024  # of 64 KiB: 64 MiB
_BEFORE: Final = frozenset({"busy", "err", "refuse", "lock-out", "hang"})


class Request(NamedTuple):
    """A request to the agency's system; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Response:
    """Its answer."""

    status: int = 200
    body: bytes = b""
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class _Seen:
    number: str
    what: str
    texts: tuple[str, ...]
    answer: Any
    requests: int = 1
    applied: int = 1


class SimulatedAgency:
    """One agency's system. A subclass speaks the protocol; the base does the rest."""

    refusals: ClassVar[Mapping[str, int]] = {"busy": 503, "err": 500, "refuse": 422, "lock-out": 401}
    """The HTTP status with which each is said."""

    drops_repeats: ClassVar[bool] = True
    """Whether a repeated message id has no further effect."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self.reset()

    # --- what a subclass writes ------------------------------------------------------------------------------------

    def way(self, url: str, nowhere: str) -> Way:
        """How the adapter reaches it; both URLs are without a slash at the end."""
        raise NotImplementedError

    def respond(self, request: Request) -> Response:
        """The protocol's door. Call `arrived` for each message in it."""
        raise NotImplementedError

    def troubles(self, request: Request) -> bool:
        """Whether this request is one that troubles befall; questions by message id are left alone."""
        return request.method == "POST"

    def message(self, saying: Saying) -> tuple[Mapping[str, str], bytes]:
        """A message of the agency's own accord: headers and body of its request to the window."""
        raise NotImplementedError

    def seal(self, request: Request, response: Response) -> Response:
        """Sign an answer; also one that is spoiled to order."""
        del request
        return response

    def deep(self) -> bytes:
        """An answer that nests without end."""
        return b'{"a":' * 200_000

    # --- what a subclass uses --------------------------------------------------------------------------------------

    def arrived(self, message_id: str, number: str, what: str, texts: Sequence[str], answer: Any = None) -> Any:
        """A message arrived; gives the answer of its first time."""
        with self.lock:
            seen = self._seen.get(message_id)
            if seen is None:
                self._seen[message_id] = _Seen(number, what, tuple(texts), answer)
                return answer
            seen.requests += 1
            if not self.drops_repeats:
                seen.applied += 1
            return seen.answer

    def answer_of(self, message_id: str) -> Any:
        """What was answered to a message; None where it never arrived."""
        with self.lock:
            seen = self._seen.get(message_id)
            return None if seen is None else seen.answer

    def decided(self, number: str) -> list[Saying]:
        """What it is to say about a dossier in its next reply."""
        with self.lock:
            return self._inline.pop(number, [])

    # --- orders ----------------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Forget everything."""
        with self.lock:
            self._seen: dict[str, _Seen] = {}
            self._troubles: deque[Trouble] = deque()
            self._inline: dict[str, list[Saying]] = {}
            self.to_fetch: list[Saying] = []

    def control(self, name: str, order: dict[str, Any]) -> Any:
        """One order of the kit's."""
        match name:
            case "reset":
                self.reset()
            case "trouble":
                with self.lock:
                    self._troubles.extend([order["trouble"]] * order["times"])
            case "effects":
                with self.lock:
                    return [
                        Effect(each, seen.number, seen.what, seen.requests, seen.applied, seen.texts)
                        for each, seen in self._seen.items()
                    ]
            case "inline":
                saying = Saying.model_validate(order)
                with self.lock:
                    self._inline.setdefault(saying.number, []).append(saying)
            case "fetch":
                with self.lock:
                    self.to_fetch.append(Saying.model_validate(order))
            case "message":
                headers, body = self.message(Saying.model_validate(order))
                return {"headers": dict(headers), "body": base64.b64encode(body).decode()}
            case "post":
                return self._post(order)
            case _:
                raise KeyError(name)
        return {}

    def _post(self, order: dict[str, Any]) -> Any:
        """Say something to the window itself, as the agency's system would; gives status and body of the answer."""
        headers, body = self.message(Saying.model_validate(order["saying"]))
        request = urllib.request.Request(  # noqa: S310  # the kit's own address, on loopback
            order["url"], data=body, headers={**headers, **order.get("headers", {})}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return {"status": answer.status, "body": answer.read().decode()}
        except urllib.error.HTTPError as error:
            with error:
                return {"status": error.code, "body": error.read().decode()}

    def next_trouble(self, request: Request) -> Trouble | None:
        """What is to go wrong with this request."""
        with self.lock:
            return self._troubles.popleft() if self._troubles and self.troubles(request) else None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def agency(self) -> SimulatedAgency:
        return cast("_Server", self.server).agency

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path.startswith(CONTROL):
            told = self.agency.control(self.path.removeprefix(CONTROL), json.loads(body or b"{}"))
            return self._send(Response(body=json.dumps(told).encode()))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        trouble = self.agency.next_trouble(request)
        if trouble == "hang":
            self.agency.stopping.wait(60)
            self.close_connection = True
            return None
        if trouble in _BEFORE:
            return self._send(self.agency.seal(request, Response(self.agency.refusals[trouble])))
        return self._spoiled(trouble, request, self.agency.respond(request))

    def _spoiled(self, trouble: str | None, request: Request, response: Response) -> None:
        agency = self.agency
        match trouble:
            case None:
                self._send(agency.seal(request, response))
            case "lose-reply":
                self.close_connection = True
            case "garbage":
                self._send(agency.seal(request, Response(body=b"<<< \xff what?", media_type=response.media_type)))
            case "deep":
                self._send(agency.seal(request, Response(body=agency.deep(), media_type=response.media_type)))
            case "wrong-id":
                with agency.lock:
                    ids = [each.encode() for each in agency._seen]  # noqa: SLF001  # the handler is part of it
                for each in ids:
                    response.body = response.body.replace(each, b"f" * len(each))
                self._send(agency.seal(request, response))
            case "huge":
                self._endless(b" " * 65536, _HUGE_PIECES, 0)
            case "slow":
                self._endless(b" ", 1200, _DRIP_SECONDS)

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("content-type", response.media_type)
        self.send_header("content-length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    def _endless(self, piece: bytes, pieces: int, seconds: float) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        try:
            for _ in range(pieces):
                if self.agency.stopping.is_set():
                    return
                self.wfile.write(piece)
                time.sleep(seconds)
        except OSError:
            return  # the adapter has seen enough


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # the usual 5 resets connections that come side by side
    agency: SimulatedAgency

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An adapter that hangs up is what some rules are about."""


def texts_of(value: Any) -> list[str]:
    """Every string in a JSON value, for `SimulatedAgency.arrived`."""
    if isinstance(value, str):
        return [value]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in inside for text in texts_of(item)]


def run(agency: SimulatedAgency, port: int = 0) -> None:
    """Serve on loopback until standard input ends; says on standard output, in one line of JSON, how it is reached."""
    with _Server(("127.0.0.1", port), _Handler) as server, _Server(("127.0.0.1", 0), _Handler) as closed:
        server.agency = agency
        url, nowhere = (f"http://127.0.0.1:{each.server_address[1]}" for each in (server, closed))
        closed.server_close()
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        way = agency.way(url, nowhere).model_dump(mode="json", exclude={"secrets"})
        secrets = {name: base64.b64encode(each).decode() for name, each in agency.way(url, nowhere).secrets.items()}
        sys.stdout.write(json.dumps({"control": url + CONTROL, "way": way, "secrets": secrets}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
        agency.stopping.set()
        server.shutdown()
