"""One request to the window, sent again where that is safe.

Everything this client sends may be sent twice: reads change nothing, filings carry an idempotency key, documents and
certificates are named by their digests. It is sent again after 429, 503 and a lost connection, and after nothing else;
not before the window's `Retry-After`, with jitter, until patience ends.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httpx

from nsw_client.errors import Refused, Unreachable, refused
from nsw_client.tokens import Tokens

AGAIN: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
LOST: Final = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)
Body = bytes | Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try, in seconds: `total` from the first try, waits of `first` doubling to `longest`, with jitter."""

    total: float = 60.0
    first: float = 0.25
    longest: float = 10.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random

    def wait(self, tries: int, told: float | None) -> float:
        """How long to wait after so many tries; `told`: what the window asked for, never cut short."""
        ours = min(self.longest, self.first * 2.0 ** (tries - 1))
        return ours * self.jitter() if told is None else told + self.first * self.jitter()


class Transport:
    """Sends requests; `send` gives the answer when the window took it, and raises otherwise."""

    def __init__(self, url: str, http: httpx.Client, tokens: Tokens | None, patience: Patience) -> None:
        self._url = url.rstrip("/")
        self._http = http
        self._tokens = tokens
        self._patience = patience

    def send(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> httpx.Response:
        """Send, again where it is safe.

        Raises:
            Refused: the window's answer is a problem; its kind says what to do.
            Unreachable: nobody answered until patience ended.
        """
        return self.persist(lambda: self.once(method, path, headers=headers, body=body), f"{method} {path}")

    def persist(
        self, attempt: Callable[[], httpx.Response], what: str, *, advance: Callable[[], int] = int
    ) -> httpx.Response:
        """Make an attempt until it is answered; for attempts that may be made twice. Raises as `send`.

        When `advance` gives more after an attempt than before it, patience begins anew.
        """
        until, tries, got = self._patience.clock() + self._patience.total, 0, advance()
        while True:
            outcome = self._outcome(attempt)
            if isinstance(outcome, httpx.Response):
                if outcome.is_success:
                    return outcome
                if outcome.status_code not in AGAIN:
                    raise _refusal(outcome)
            if advance() > got:
                until, tries, got = self._patience.clock() + self._patience.total, 0, advance()
            tries += 1
            wait = self._patience.wait(tries, _retry_after(outcome) if isinstance(outcome, httpx.Response) else None)
            if self._patience.clock() + wait > until:
                if isinstance(outcome, httpx.Response):
                    raise _refusal(outcome)
                raise Unreachable(f"{self._url} did not answer {what}: {outcome}") from outcome
            self._patience.sleep(wait)

    def once(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: Body | None = None
    ) -> httpx.Response:
        """One try, whatever its answer; a second one with a new token where the window did not take the first.

        Raises:
            httpx.TransportError: there was no answer.
        """
        answer = self._request(method, path, headers, body)
        sent_whole = body is None or isinstance(body, bytes)  # what was streamed is gone
        if answer.status_code == HTTPStatus.UNAUTHORIZED and sent_whole and self._tokens and self._tokens.forget():
            answer = self._request(method, path, headers, body)
        return answer

    def _request(self, method: str, path: str, headers: Mapping[str, str] | None, body: Body | None) -> httpx.Response:
        told = dict(headers or {})
        if self._tokens is not None:
            told["authorization"] = f"Bearer {self._tokens.bearer()}"
        return self._http.request(method, self._url + path, headers=told, content=body)

    def _outcome(self, attempt: Callable[[], httpx.Response]) -> httpx.Response | httpx.TransportError:
        try:
            return attempt()
        except LOST as error:
            return error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{self._url} cannot be asked: {error}") from error


def _refusal(answer: httpx.Response) -> Refused:
    try:
        body = answer.json()
    except ValueError:
        body = None
    return refused(answer.status_code, body, _retry_after(answer))


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds; dates (RFC 9110, 10.2.3) are not used by the window."""
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isdigit() else None
