"""As whom the replay calls: one system, registered for all of its businesses as a customs broker is.

Tokens come from the local stack's development issuer, and one is used until shortly before it ends.
"""

import time
from collections.abc import Sequence
from typing import NamedTuple

import aiohttp
import orjson

_EARLY_SECONDS = 60.0
_LINES_A_REQUEST = 5_000
_NDJSON = "application/x-ndjson"

Headers = dict[str, str]


class Identity(NamedTuple):
    """The development issuer's URL, whom the replay calls as, and an operator, who registers it."""

    issuer_url: str
    subject: str = "broker"
    operator: str = "operator"


class Tokens:
    """Authorization headers for subjects of a development issuer."""

    def __init__(self, session: aiohttp.ClientSession, issuer_url: str) -> None:
        self._session = session
        self._url = issuer_url
        self._held: dict[str, tuple[float, Headers]] = {}

    async def headers(self, subject: str) -> Headers:
        """The header with a token that is good for a while.

        Raises:
            aiohttp.ClientError: the issuer cannot be reached.
        """
        until, headers = self._held.get(subject, (0.0, {}))
        if time.monotonic() < until:
            return headers
        form = {"subject": subject}
        async with self._session.post(f"{self._url}/token", data=form, raise_for_status=True) as answer:
            said = await answer.json()
        headers = {"authorization": f"Bearer {said['access_token']}"}
        self._held[subject] = time.monotonic() + said["expires_in"] - _EARLY_SECONDS, headers
        return headers


class Broker:
    """The replay as its window knows it; without an identity (the floor, a toy) nobody is asked who calls."""

    def __init__(self, session: aiohttp.ClientSession, identity: Identity | None) -> None:
        self._session = session
        self._identity = identity
        self._tokens = Tokens(session, identity.issuer_url) if identity is not None else None

    async def headers(self) -> Headers:
        """What every request carries."""
        if self._identity is None or self._tokens is None:
            return {}
        return await self._tokens.headers(self._identity.subject)

    async def register(self, intake_url: str, tax_codes: Sequence[str]) -> None:
        """Have an operator register the replay for these businesses.

        Raises:
            aiohttp.ClientError: intake cannot be reached, or refuses.
        """
        if self._identity is None or self._tokens is None:
            return
        issuer, subject, operator = self._identity
        line = {"issuer": issuer, "subject": subject, "role": "declarant"}
        headers = {"content-type": _NDJSON} | await self._tokens.headers(operator)
        url = f"{intake_url}/v1/registrations"
        for start in range(0, len(tax_codes), _LINES_A_REQUEST):
            some = tax_codes[start : start + _LINES_A_REQUEST]
            body = b"\n".join(orjson.dumps(line | {"party": tax_code}) for tax_code in some)
            async with self._session.post(url, data=body, headers=headers, raise_for_status=True):
                pass
