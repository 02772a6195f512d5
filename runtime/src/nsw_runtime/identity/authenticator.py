"""From a request to its caller, or to a refusal.

Three kinds of credentials: a provider's access token or a system's own signed assertion, both as `Authorization:
Bearer`, or the TLS certificate that the request's connection was made with. A verified token is remembered by its
SHA-256 until it expires, so that a further request with it costs microseconds and no input or output; what it is worth
is looked up in the registrations each time.
"""

import asyncio
import logging
from collections.abc import MutableMapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

import asyncpg
from nsw_contracts.registration_facts import CERTIFICATE, CLIENT

from nsw_runtime import metrics
from nsw_runtime.clock import Clock
from nsw_runtime.database import UNAVAILABLE, Pool
from nsw_runtime.identity import tokens
from nsw_runtime.identity.caller import Caller
from nsw_runtime.identity.issuers import Issuer, IssuerAway
from nsw_runtime.identity.refusals import unauthenticated
from nsw_runtime.identity.registrations import Registrations
from nsw_runtime.identity.tokens import BadToken, Verified
from nsw_runtime.problems import unavailable
from nsw_runtime.settings import ServiceSettings

log = logging.getLogger(__name__)

VERIFIED_MOST: Final = 100_000  # tokens remembered; some 300 bytes each
ISSUERS_SECONDS: Final = 5.0  # how often it is looked whether a provider's keys are old

_NO_CREDENTIALS: Final = (
    "Send an access token or a signed assertion as `Authorization: Bearer …`, or connect with a registered certificate."
)
_NOT_GOOD: Final = (
    "The token is not one that this window takes: it may have expired, be meant for another service, or come from an "
    "issuer that is not trusted here. Get a new one and send the request again."
)
_BAD_CERTIFICATE: Final = "Have the window's operator register this certificate, or connect with one that is."

Scope = MutableMapping[str, Any]


class _Good(NamedTuple):
    """A verified token, and the registered key it was verified with, where that was a system's own."""

    token: Verified
    public_key: str | None


class Authenticator:
    """One service's. `open` it with the pool, then `run` it beside the service."""

    def __init__(self, settings: ServiceSettings, clock: Clock) -> None:
        self._clock = clock
        self._audience = settings.audience
        self._issuers = {
            one.issuer: Issuer(one, development=settings.environment == "development", on_withdrawn=self._forget)
            for one in settings.issuers
        }
        self._good: dict[bytes, _Good] = {}
        self.registrations: Registrations

    def open(self, pool: Pool) -> None:
        """The registrations are to be had from here."""
        self.registrations = Registrations(pool)

    async def run(self) -> None:
        """Keep registrations and providers' keys fresh until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.registrations.follow())
            for issuer in self._issuers.values():
                group.create_task(self._keep_fresh(issuer))

    async def _keep_fresh(self, issuer: Issuer) -> None:
        while True:
            await issuer.keep_fresh()
            await asyncio.sleep(ISSUERS_SECONDS)

    def _forget(self) -> None:
        """A provider has withdrawn keys: what was verified with them is verified again."""
        self._good.clear()

    def known(self, scope: Scope) -> Caller | None:
        """The caller of a request whose credentials were seen before and are good still; None: `authenticate` it.

        Raises:
            Problem: 401, there are several Authorization headers.
        """
        header = _authorization(scope)
        if header is None:
            certificate = _certificate(scope)
            known = self.registrations.known(CERTIFICATE, certificate) if certificate is not None else None
            return known.caller if known is not None and known.caller.rights else None
        good = self._good.get(sha256(header).digest())
        if good is None or not good.token.not_before <= self._clock().timestamp() < good.token.expires:
            return None
        known = self.registrations.known(good.token.issuer, good.token.subject)
        if known is None or (good.public_key is not None and good.public_key not in known.keys):
            return None
        return known.caller

    async def authenticate(self, scope: Scope) -> Caller:
        """The caller of a request.

        Raises:
            Problem: 401, there are no credentials, or none that are good; 503, that cannot be said now.
        """
        try:
            header = _authorization(scope)
            if header is not None:
                return await self._by_token(header)
            certificate = _certificate(scope)
            if certificate is None:
                raise unauthenticated(_NO_CREDENTIALS, given=False)
            caller = (await self.registrations.load(CERTIFICATE, certificate)).caller
        except BadToken as error:
            metrics.REFUSED_CREDENTIALS.labels(error.reason).inc()
            raise unauthenticated(_NOT_GOOD, given=True) from None
        except IssuerAway as error:
            raise unavailable("The token's issuer cannot be asked for its keys now. Try again shortly.") from error
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            raise unavailable("Who you are cannot be looked up now. Try again shortly.") from error
        if not caller.rights:
            metrics.REFUSED_CREDENTIALS.labels("unknown-certificate").inc()
            raise unauthenticated(_BAD_CERTIFICATE, given=True)
        return caller

    async def _by_token(self, header: bytes) -> Caller:
        scheme, _, text = header.partition(b" ")
        if scheme.lower() != b"bearer":
            raise BadToken("scheme")
        token = tokens.read(text.strip())
        issuer = self._issuers.get(token.issuer)
        if issuer is None:
            return await self._by_assertion(header, token)
        key = await issuer.key(token.kid)
        if key is None:
            raise BadToken("unknown-key")
        await asyncio.to_thread(tokens.verify_signature, token, key)
        verified = tokens.access_token(token, issuer.audience, self._clock().timestamp())
        self._remember(header, _Good(verified, None))
        return (await self.registrations.load(verified.issuer, verified.subject)).caller

    async def _by_assertion(self, header: bytes, token: tokens.Token) -> Caller:
        if token.issuer != token.subject:
            raise BadToken("unknown-issuer")
        known = await self.registrations.load(CLIENT, token.subject)
        for jwk, key in known.keys.items():
            try:
                await asyncio.to_thread(tokens.verify_signature, token, key)
            except BadToken:
                continue
            verified = tokens.assertion(token, self._audience, CLIENT, self._clock().timestamp())
            self._remember(header, _Good(verified, jwk))
            return known.caller
        raise BadToken("unknown-key")

    def _remember(self, header: bytes, good: _Good) -> None:
        if len(self._good) >= VERIFIED_MOST:
            now = self._clock().timestamp()
            self._good = {digest: one for digest, one in self._good.items() if one.token.expires > now}
        if len(self._good) >= VERIFIED_MOST:
            self._good.clear()
        self._good[sha256(header).digest()] = good


def _authorization(scope: Scope) -> bytes | None:
    found: bytes | None = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            if found is not None:
                raise unauthenticated(_NOT_GOOD, given=True)
            found = value
    return found


def _certificate(scope: Scope) -> str | None:
    """The SHA-256 of the certificate (DER) with which the connection was made, as the server verified it."""
    der = scope.get("extensions", {}).get("tls", {}).get("peer_certificate")
    return sha256(der).hexdigest() if der else None
