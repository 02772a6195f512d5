"""Whether a certificate is good now: its chain to a trusted root, every validity in it, and CRL or OCSP.

Nothing is asked of an address in a certificate before that certificate's own chain has been verified, and issuers are
never fetched: whoever writes a certificate cannot make the window call somebody. All of it runs in a thread with an
event loop of its own, because the parsing is Python's and lists of revoked certificates are long. What an authority
said is kept for a while, since one list speaks of many certificates; that it did not answer, for `RETRY_SECONDS`.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

import aiohttp
from asn1crypto.x509 import Certificate
from nsw_runtime.clock import Clock
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    InsufficientRevinfoError,
    PathBuildingError,
    PathError,
    RevokedError,
    StaleRevinfoError,
    ValidationError,
)
from pyhanko_certvalidator.fetchers import Fetchers
from pyhanko_certvalidator.fetchers.aiohttp_fetchers import AIOHttpFetcherBackend
from pyhanko_certvalidator.fetchers.api import FetchLimits
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy, RevocationCheckingRule
from pyhanko_certvalidator.registry import CertificateRegistry

from nsw_intake.signing.roots import Roots

ANSWER_SECONDS: Final = 5  # an authority's time for one answer; a signature waits for it
RETRY_SECONDS: Final = 15.0
MOST_AT_ONCE: Final = 32
POLICY: Final = CertRevTrustPolicy(
    RevocationCheckingPolicy(
        ee_certificate_rule=RevocationCheckingRule.CRL_OR_OCSP_REQUIRED,
        intermediate_ca_cert_rule=RevocationCheckingRule.CHECK_IF_DECLARED,
    )
)
logging.getLogger("pyhanko_certvalidator").setLevel(logging.ERROR)  # below that, it logs holders' names


Kind = Literal["good", "revoked", "unknown", "untrusted"]


class Finding(NamedTuple):
    """What was found out of a certificate.

    `untrusted`: it does not chain to a root, or something in the chain is weak, expired or not allowed. `unknown`:
    whether it is revoked could not be found out. `at`: no answer it stands on was fetched before. `detail` is for the
    business: it says which.
    """

    kind: Kind
    at: datetime
    detail: str = ""


class StatusChecker:
    """Asks authorities, in a thread of its own. `answer_kept_seconds`: how long one answer is used."""

    def __init__(self, roots: Roots, clock: Clock, answer_kept_seconds: float) -> None:
        self._roots = roots
        self._clock = clock
        self._kept_seconds = answer_kept_seconds
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="certificate-status", daemon=True)
        self._session: aiohttp.ClientSession | None = None
        self._fetchers: Fetchers | None = None
        self._since = clock()
        self._until = 0.0
        self._gate = asyncio.Semaphore(MOST_AT_ONCE)

    @property
    def trusts_any(self) -> bool:
        """Whether there is a root at all."""
        return bool(self._roots.trusted)

    async def check(self, certificate: bytes, chain: Sequence[bytes]) -> Finding:
        """What is to be found out now of a certificate; both arguments are DER, `chain` its intermediates."""
        if not self._thread.is_alive():
            self._thread.start()
        found = asyncio.run_coroutine_threadsafe(self._check(certificate, chain), self._loop)
        return await asyncio.wrap_future(found)

    async def close(self) -> None:
        """End the thread."""
        if self._thread.is_alive():
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._close(), self._loop))
            self._loop.call_soon_threadsafe(self._loop.stop)
            await asyncio.to_thread(self._thread.join)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _check(self, certificate: bytes, chain: Sequence[bytes]) -> Finding:
        async with self._gate:
            fetchers = self._answers()
            since = self._since
            kind, detail = await self._validate(certificate, chain, fetchers)
        finding = Finding(kind, since, detail)
        if finding.kind == "unknown":  # answers are kept with the failure to get one: ask all anew, in a while
            self._until = min(self._until, time.monotonic() + RETRY_SECONDS)
        return finding

    def _answers(self) -> Fetchers:
        """What authorities have said lately; what they have not said yet is fetched through it."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        if self._fetchers is None or time.monotonic() >= self._until:
            limits = FetchLimits(max_requests=None)  # one budget is shared by every certificate of this time
            backend = AIOHttpFetcherBackend(self._session, per_request_timeout=ANSWER_SECONDS, limits=limits)
            self._fetchers, self._until = backend.get_fetchers(), time.monotonic() + self._kept_seconds
            self._since = self._clock()
        return self._fetchers

    async def _validate(self, certificate: bytes, chain: Sequence[bytes], fetchers: Fetchers) -> tuple[Kind, str]:
        try:
            intermediates = [*self._roots.known, *(Certificate.load(one) for one in chain)]
            context = ValidationContext(
                trust_roots=list(self._roots.trusted),
                allow_fetching=True,
                fetchers=fetchers,
                revinfo_policy=POLICY,
                certificate_registry=CertificateRegistry.build(intermediates, cert_fetcher=None),
            )
            await CertificateValidator(Certificate.load(certificate), validation_context=context).async_validate_path()
        except RevokedError as error:
            whose = "it" if error.is_ee_cert else "the certificate of an authority that issued it"
            return ("revoked", f"{whose} was revoked on {_day(error)}")
        except (InsufficientRevinfoError, StaleRevinfoError, TimeoutError, OSError):
            return ("unknown", "whether it is revoked cannot be found out now")
        except PathBuildingError:
            return ("untrusted", "it does not lead to an authority that the window trusts")
        except (PathError, ValidationError, ValueError, TypeError) as error:
            return ("untrusted", f"its chain does not hold ({type(error).__name__})")
        return "good", ""


def _day(error: Any) -> str:
    return f"{error.revocation_dt:%Y-%m-%d}"
