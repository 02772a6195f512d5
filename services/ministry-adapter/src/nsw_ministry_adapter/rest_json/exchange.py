"""One HTTP exchange with an agency's system: what came back, or what that means for the delivery."""

from datetime import datetime
from typing import NamedTuple

import aiohttp
from nsw_contracts.adapter import Context, Unsure
from nsw_contracts.adapter.outcomes import CannotSay

from nsw_ministry_adapter.agency_http import Trouble, lost, read_answer, trouble
from nsw_ministry_adapter.agency_jws import BadSignature
from nsw_ministry_adapter.rest_json.jws import HEADER, Signer, Verifier


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
                    return trouble(response.status, response.headers.get("retry-after", ""))
                answer = await read_answer(response, self._context.http.largest_answer)
                if isinstance(answer, Unsure):
                    return answer
                return self._verified(response, answer, self._context.clock())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return lost(error)

    def _verified(self, response: aiohttp.ClientResponse, answer: bytes, now: datetime) -> Received | Unsure:
        if self._verifier is not None:
            try:
                self._verifier.verify(response.headers.get(HEADER, ""), answer, now)
            except BadSignature as error:
                return Unsure(f"the answer is not believed: {error}", unusable=True)
        return Received(response.status, answer)


def cannot_say(met: Trouble) -> CannotSay:
    """The same trouble, when it was a question."""
    return CannotSay(met.reason)
