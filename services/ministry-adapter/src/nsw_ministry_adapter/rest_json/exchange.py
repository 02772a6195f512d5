"""One HTTP exchange with an agency's system: what came back, or what that means for the delivery."""

from datetime import datetime
from http import HTTPStatus
from typing import Final, NamedTuple

import aiohttp
from nsw_contracts.adapter import Context, Misconfigured, Rejected, TryAgain, Unsure
from nsw_contracts.adapter.outcomes import CannotSay
from nsw_runtime.text import holds_nul

from nsw_ministry_adapter.rest_json.jws import HEADER, BadSignature, Signer, Verifier

CONNECT_SECONDS: Final = 10.0
LONGEST_RETRY_AFTER: Final = 3600.0
_REJECTED: Final = frozenset({400, 413, 415, 422})
_MISCONFIGURED: Final = frozenset({401, 403, 404, 405, 407, 410})
_LATER: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})

Trouble = TryAgain | Unsure | Rejected | Misconfigured


class Received(NamedTuple):
    """A whole answer that is signed as it should be, of a status that was asked for."""

    status: int
    body: bytes


class Exchange:
    """Asks one agency's system. `signer` and `verifier` are None where nothing is signed."""

    def __init__(
        self,
        context: Context,
        url: str,
        session: aiohttp.ClientSession,
        signer: Signer | None,
        verifier: Verifier | None,
    ) -> None:
        self._context = context
        self._url = url.rstrip("/")
        self._session = session
        self._signer = signer
        self._verifier = verifier

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes | None,
        *,
        signed: bytes,
        traceparent: str | None = None,
        statuses: frozenset[int] = frozenset({200}),
    ) -> Received | Trouble:
        """One exchange; `signed` is what the signature is over, `statuses` are those with an answer to read."""
        headers = {"x-nsw-agency": self._context.agency}
        if body is not None:
            headers["content-type"] = "application/json"
        if traceparent is not None:
            headers["traceparent"] = traceparent
        if self._signer is not None:
            headers[HEADER] = self._signer.sign(signed, self._context.clock())
        try:
            async with self._session.request(
                method, f"{self._url}/{path}", data=body, headers=headers, allow_redirects=False,
            ) as response:  # fmt: skip
                if response.status not in statuses:
                    return _trouble(response.status, response.headers.get("retry-after", ""))
                answer = await self._read(response)
                if isinstance(answer, Unsure):
                    return answer
                return self._verified(response, answer, self._context.clock())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return _lost(error)

    async def _read(self, response: aiohttp.ClientResponse) -> bytes | Unsure:
        largest = self._context.http.largest_answer
        answer = await response.content.read(largest + 1)
        while len(answer) <= largest and not response.content.at_eof():
            answer += await response.content.read(largest + 1 - len(answer))
        if len(answer) > largest:
            return Unsure(f"the answer is larger than {largest:,} bytes", unusable=True)
        if holds_nul(answer):
            return Unsure("the answer holds NUL", unusable=True)
        return answer

    def _verified(self, response: aiohttp.ClientResponse, answer: bytes, now: datetime) -> Received | Unsure:
        if self._verifier is not None:
            try:
                self._verifier.verify(response.headers.get(HEADER, ""), answer, now)
            except BadSignature as error:
                return Unsure(f"the answer is not believed: {error}", unusable=True)
        return Received(response.status, answer)


def _lost(error: Exception) -> Trouble:
    """What a failed exchange means: whether anything can have arrived."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return Misconfigured("its certificate is not trusted")
        case aiohttp.ClientConnectorSSLError():
            return Misconfigured("no TLS connection can be made")
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return TryAgain(f"cannot be reached: {type(error).__name__}")
    return Unsure(f"the reply was lost: {type(error).__name__}")


def _trouble(status: int, retry_after: str) -> Trouble:
    """What an HTTP status without a usable answer means for the delivery."""
    reason = f"answered {status}"
    if status in _REJECTED:
        return Rejected(reason)
    if status in _LATER:
        seconds = float(retry_after) if retry_after.isdecimal() else None
        return TryAgain(reason, None if seconds is None else min(seconds, LONGEST_RETRY_AFTER))
    if status in _MISCONFIGURED or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Misconfigured(reason)
    return Unsure(reason)


def cannot_say(trouble: Trouble) -> CannotSay:
    """The same trouble, when it was a question."""
    return CannotSay(trouble.reason)
