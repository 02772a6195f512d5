"""Providers of access tokens: their discovery documents and keys, fetched, kept and rotated.

Keys are looked up by `kid` among those fetched over HTTPS from the address that the discovery document of a configured
issuer names; nothing in a token leads anywhere. They are fetched again every ten minutes, and when a token names one
that is not known, but not more often than every few seconds whatever tokens say. While the provider is away the keys
fetched last stay in force.
"""

import asyncio
import http.client
import json
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from nsw_runtime.identity.tokens import Key, public_key
from nsw_runtime.settings import TrustedIssuer

log = logging.getLogger(__name__)

DISCOVERY_PATH: Final = "/.well-known/openid-configuration"
DEVELOPMENT_MARK: Final = "nsw_development"
"""A member of a discovery document whose issuer gives tokens to anyone for anybody."""

FRESH_SECONDS: Final = 600.0  # keys older than this are fetched again, beside the requests
PAUSE_SECONDS: Final = 5.0  # between two fetches, whoever asks
FETCH_SECONDS: Final = 5.0
DOCUMENT_BYTES: Final = 512 * 1024
KEYS_MOST: Final = 100


class IssuerAway(Exception):
    """The provider cannot be reached, and the key is not known: whether the token is good cannot be said now."""


class _Unusable(Exception):
    """What the provider answers cannot be used."""


class _Fetched(NamedTuple):
    by_kid: Mapping[str | None, Key]
    at: float


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A provider that sends us elsewhere is not followed."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Issuer:
    """One configured provider. `on_withdrawn` hears that keys have been withdrawn."""

    def __init__(self, trusted: TrustedIssuer, *, development: bool, on_withdrawn: Callable[[], None]) -> None:
        self.name = trusted.issuer
        self.audience = trusted.audience
        self._development = development
        self._on_withdrawn = on_withdrawn
        self._fetched: _Fetched | None = None
        self._tried_at = -PAUSE_SECONDS
        self._reached = False
        self._trouble = ""
        self._turn = asyncio.Lock()

    async def key(self, kid: str | None) -> Key | None:
        """The key of this name (without a name: the only key there is), or None where the provider has none such.

        Raises:
            IssuerAway: it is not known here, and the provider could not be asked.
        """
        if self._find(kid) is None:
            await self._refresh()
        found = self._find(kid)
        if found is None and not self._reached:
            raise IssuerAway(self.name)
        return found

    async def keep_fresh(self) -> None:
        """Fetch the keys again when they are old, or could not be fetched yet. To be called now and then."""
        if self._fetched is None or not self._reached or time.monotonic() - self._fetched.at > FRESH_SECONDS:
            await self._refresh()

    def _find(self, kid: str | None) -> Key | None:
        keys = self._fetched.by_kid if self._fetched is not None else {}
        if kid is None:
            return next(iter(keys.values())) if len(keys) == 1 else None
        return keys.get(kid)

    async def _refresh(self) -> None:
        """Fetch the keys, unless that was tried a moment ago; what was known stays when it fails."""
        asked_at = time.monotonic()
        async with self._turn:
            if self._tried_at > asked_at or time.monotonic() - self._tried_at < PAUSE_SECONDS:
                return  # somebody else has just done it
            try:
                # Not `wait_for`: before Python 3.12 it loses a cancellation that comes as the fetch ends.
                async with asyncio.timeout(2 * FETCH_SECONDS):
                    keys = await asyncio.to_thread(self._fetch)
            except (OSError, http.client.HTTPException, TimeoutError, _Unusable) as error:
                cause = f"{type(error).__name__}: {error}"
                if cause != self._trouble:
                    why = {"issuer": self.name, "cause": cause}
                    log.warning("the keys of a token issuer could not be fetched; those known stay in force", extra=why)
                self._reached, self._trouble = False, cause
            else:
                withdrawn = self._fetched is not None and any(
                    keys.get(kid) is None or keys[kid].as_dict() != key.as_dict()
                    for kid, key in self._fetched.by_kid.items()
                )
                self._fetched, self._reached, self._trouble = _Fetched(keys, time.monotonic()), True, ""
                if withdrawn:
                    self._on_withdrawn()
            finally:
                self._tried_at = time.monotonic()

    def _fetch(self) -> dict[str | None, Key]:
        document = _get(self.name.rstrip("/") + DISCOVERY_PATH)
        if document.get("issuer") != self.name:
            raise _Unusable("its discovery document names another issuer")
        if document.get(DEVELOPMENT_MARK) and not self._development:
            raise _Unusable("it is a development issuer, which gives anybody a token; no such issuer is trusted here")
        address = document.get("jwks_uri")
        if not isinstance(address, str) or not (self._development or urlsplit(address).scheme == "https"):
            raise _Unusable("its discovery document has no jwks_uri over https")
        listed = _get(address).get("keys")
        if not isinstance(listed, list):
            raise _Unusable("its key set has no keys")
        keys: dict[str | None, Key] = {}
        for jwk in listed[:KEYS_MOST]:
            if isinstance(jwk, dict) and (key := public_key(jwk)) is not None:
                keys[jwk.get("kid") if isinstance(jwk.get("kid"), str) else None] = key
        return keys


def _get(url: str) -> dict[str, Any]:
    """A JSON object over HTTP(S), no larger than it should be, from just this address."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise _Unusable("an address that is not https")
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=FETCH_SECONDS) as answer:
            body = answer.read(DOCUMENT_BYTES + 1)
    except urllib.error.HTTPError as error:
        with error:
            raise _Unusable(f"{url} answers {error.code}") from None
    if len(body) > DOCUMENT_BYTES:
        raise _Unusable("a document larger than it may be")
    try:
        value = json.loads(body)
    except ValueError:
        raise _Unusable("a document that is not JSON") from None
    if not isinstance(value, dict):
        raise _Unusable("a document that is not an object")
    return value
