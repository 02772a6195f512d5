"""Who calls: where the bearer token of each request comes from.

A token is fetched when it is first needed and again shortly before it ends; `forget` is called when the window did not
take it, and the next request brings another.
"""

import time
from collections.abc import Callable
from typing import Final, Protocol
from uuid import uuid4

import httpx

from nsw_client.errors import NotAllowed, Unreachable
from nsw_client.signing import SigningKey

EARLY_SECONDS: Final = 30.0  # a token is not used in its last seconds: it would end on the way
ANSWER_SECONDS: Final = 30.0
ASSERTION_SECONDS: Final = 240  # the window takes none that is good for more than five minutes
WINDOW_AUDIENCE: Final = "urn:nsw:window"
UNTOLD_SECONDS: Final = 300.0  # a token that does not say how long it lives, RFC 6749 section 5.1


class Tokens(Protocol):
    """Gives bearer tokens; one window uses it from one thread at a time."""

    def bearer(self) -> str:
        """A token that is good now."""

    def forget(self) -> bool:
        """The window did not take the last one; whether there may be another."""


class StaticToken:
    """A token somebody else sees to."""

    def __init__(self, token: str) -> None:
        self._token = token

    def bearer(self) -> str:
        return self._token

    def forget(self) -> bool:
        return False


class ClientCredentials:
    """Tokens of an OAuth 2.0 token endpoint by client credentials (RFC 6749, section 4.4).

    With a `secret` the client says it in HTTP Basic; with a `key` it signs an assertion (RFC 7523).
    """

    def __init__(
        self,
        endpoint: str,
        client_id: str,
        *,
        secret: str | None = None,
        key: SigningKey | None = None,
        scope: str | None = None,
        audience: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if (secret is None) == (key is None):
            raise ValueError("give either the client's secret or its key")
        self._endpoint = endpoint
        self._client_id = client_id
        self._secret = secret
        self._key = key
        self._asked = {"grant_type": "client_credentials"}
        self._asked |= {name: value for name, value in (("scope", scope), ("audience", audience)) if value}
        self._clock = clock
        self._token = ""
        self._ends = 0.0

    def bearer(self) -> str:
        """A token that is good now.

        Raises:
            NotAllowed: the endpoint gives this client none.
            Unreachable: the endpoint does not answer.
        """
        if self._clock() >= self._ends - EARLY_SECONDS:
            self._fetch()
        return self._token

    def forget(self) -> bool:
        self._ends = 0.0
        return True

    def _fetch(self) -> None:
        asked = dict(self._asked)
        auth = None if self._secret is None else httpx.BasicAuth(self._client_id, self._secret)
        if self._key is not None:
            asked |= {
                "client_id": self._client_id,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": _assertion(self._key, self._client_id, self._endpoint, self._clock()),
            }
        try:
            answer = httpx.post(self._endpoint, data=asked, auth=auth, timeout=ANSWER_SECONDS)
            said = answer.json()
        except httpx.HTTPError as error:
            raise Unreachable(f"the token endpoint {self._endpoint} does not answer: {error}") from error
        except ValueError:
            said = {}
        if not answer.is_success or not isinstance(said, dict) or "access_token" not in said:
            why = said.get("error_description") or said.get("error") if isinstance(said, dict) else None
            raise NotAllowed(
                answer.status_code, "token-refused", "The token endpoint gave no token",
                f"{why or 'It did not say why'}. Check the client's id and its secret or key.",
            )  # fmt: skip
        self._token = str(said["access_token"])
        self._ends = self._clock() + float(said.get("expires_in", UNTOLD_SECONDS))


class ClientAssertion:
    """Assertions signed by the caller's own key, which the window has registered; no token endpoint is asked.

    `audience` is how the window is named in them. One serves for some minutes: the window knows it again.
    """

    def __init__(
        self,
        key: SigningKey,
        client_id: str,
        audience: str = WINDOW_AUDIENCE,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key = key
        self._client_id = client_id
        self._audience = audience
        self._clock = clock
        self._assertion = ""
        self._ends = 0.0

    def bearer(self) -> str:
        now = self._clock()
        if now >= self._ends - EARLY_SECONDS:
            self._assertion = _assertion(self._key, self._client_id, self._audience, now)
            self._ends = now + ASSERTION_SECONDS
        return self._assertion

    def forget(self) -> bool:
        self._ends = 0.0
        return True


def _assertion(key: SigningKey, client_id: str, audience: str, now: float) -> str:
    claims = {"iss": client_id, "sub": client_id, "aud": audience, "jti": uuid4().hex}
    return key.assertion({**claims, "iat": int(now), "exp": int(now) + ASSERTION_SECONDS})
