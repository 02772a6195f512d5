"""Registered certificates as the doors see them: from memory, and no older than `SEEN_SECONDS`.

Rows asked for at the same time are read by one query. What an authority said is kept in the row, so it is asked once
for all processes, and outlives a restart. A revoked certificate stays revoked. An answer past half of its time is asked
for again while it still serves; past its time the signature waits; and where the authority does not answer, the policy
decides: `refuse`, or `grace` for so long after the last good answer.
"""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, Literal, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate
from nsw_runtime.clock import Clock
from nsw_runtime.database import UNAVAILABLE, Pool
from nsw_runtime.group_commit import GroupCommit
from nsw_runtime.problems import unavailable

from nsw_intake.signing import store
from nsw_intake.signing.certificate import PublicKey, Unfit, trusted_key
from nsw_intake.signing.errors import status_unknown
from nsw_intake.signing.revocation import RETRY_SECONDS, StatusChecker
from nsw_intake.signing.store import CertificateRow, Revocation

SEEN_SECONDS: Final = 2.0  # how late another process's end of a certificate is seen
GATHER_SECONDS: Final = 0.001
MOST_A_QUERY: Final = 1000
MOST_KEPT: Final = 20_000  # certificates in memory, about 6 kB each


class RevocationPolicy(NamedTuple):
    """How long an authority's answer counts, and what happens when it gives none."""

    counts: timedelta
    unreachable: Literal["refuse", "grace"]
    grace: timedelta


class Standing(NamedTuple):
    """What is known of a certificate's revocation, and since when."""

    revocation: Revocation
    checked_at: datetime


class Known:
    """A registered certificate in memory: its row as last read, and its key, also as DER (SubjectPublicKeyInfo)."""

    def __init__(self, row: CertificateRow, key: PublicKey) -> None:
        self.row = row
        self.key = key
        self.key_der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.read_at = time.monotonic()
        self.used = False  # since it was read
        self.silent_until = 0.0
        self.checking: asyncio.Task[None] | None = None
        self.distrusted = ""


class KnownCertificates:
    """The registered certificates."""

    def __init__(self, pool: Pool, clock: Clock, checker: StatusChecker, policy: RevocationPolicy) -> None:
        self._pool = pool
        self._clock = clock
        self._checker = checker
        self._policy = policy
        self._kept: OrderedDict[str, Known] = OrderedDict()
        self._reads = GroupCommit(self._read, gather_seconds=GATHER_SECONDS, most=MOST_A_QUERY)

    async def find(self, sha256s: Iterable[str]) -> dict[str, Known]:
        """The registered ones of these certificates, by SHA-256.

        Raises:
            Problem: 503, Postgres cannot be asked now.
        """
        now = time.monotonic()
        found: dict[str, Known] = {}
        wanted: list[str] = []
        for sha256 in set(sha256s):
            known = self._kept.get(sha256)
            if known is None or now - known.read_at > SEEN_SECONDS:
                wanted.append(sha256)
            else:
                known.used = True
                found[sha256] = known
        if wanted:
            try:
                read = await self._reads.submit(wanted)
            except UNAVAILABLE as error:
                raise unavailable("Signatures cannot be verified now. Send it again with the same key.") from error
            found |= {sha256: known for sha256, known in zip(wanted, read, strict=True) if known is not None}
        return found

    def forget(self, sha256: str) -> None:
        """Read the row anew next time: it has been changed here."""
        self._kept.pop(sha256, None)

    def refresh(self, known: Known) -> None:
        """Have the certificate's authority asked where its last answer is getting old; nobody waits for it here."""
        age = self._clock() - known.row.good_at
        if age > self._policy.counts / 2 and known.checking is None and time.monotonic() >= known.silent_until:
            known.checking = asyncio.create_task(self._check(known))

    async def standing(self, known: Known) -> Standing:
        """What is known of the certificate's revocation, good enough for a signature made now.

        Raises:
            Problem: 503, its authority does not answer and the policy does not bridge that.
            Unfit: it is revoked, or its chain does not hold any more.
        """
        self.refresh(known)
        age = self._clock() - known.row.good_at
        if age > self._policy.counts and known.checking is not None:
            await asyncio.shield(known.checking)
            age = self._clock() - known.row.good_at
        if known.row.revoked_at is not None:
            raise Unfit("the certificate is revoked; register another one and sign with that")
        if known.distrusted:
            raise Unfit(f"the certificate is not trusted: {known.distrusted}; register another one and sign with that")
        if age <= self._policy.counts:
            return Standing("good", known.row.good_at)
        if self._policy.unreachable == "grace" and age <= self._policy.grace:
            return Standing("grace", known.row.good_at)
        raise status_unknown()

    async def _check(self, known: Known) -> None:
        """Ask the authority, and note what it says."""
        try:
            row = known.row
            finding = await self._checker.check(row.certificate, row.chain)
            known.distrusted = finding.detail if finding.kind == "untrusted" else ""
            if finding.kind in ("unknown", "untrusted"):
                known.silent_until = time.monotonic() + RETRY_SECONDS
                return
            revoked = finding.kind == "revoked"
            known.row = row._replace(revoked_at=finding.at) if revoked else row._replace(good_at=finding.at)
            with contextlib.suppress(*UNAVAILABLE):  # it stands in memory; a process that has not heard asks, too
                async with self._pool.acquire() as connection:
                    await store.found(connection, row.sha256, finding.at, revoked=revoked)
        finally:
            known.checking = None

    async def _read(self, sha256s: Sequence[str]) -> Sequence[Known | None]:
        """Read these, and with them those in use whose time is half over: many cost one query."""
        half = time.monotonic() - SEEN_SECONDS / 2
        old = [at for at, known in islice(self._kept.items(), MOST_A_QUERY) if known.used and known.read_at < half]
        async with self._pool.acquire() as connection:
            rows = await store.certificates(connection, sorted({*sha256s, *old}))
        found = {sha256: self._take(row) for sha256, row in rows.items()}
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return [found.get(sha256) for sha256 in sha256s]

    def _take(self, row: CertificateRow) -> Known:
        """The row as just read; what was found out meanwhile and is not written yet stays."""
        known = self._kept.get(row.sha256)
        if known is None:
            known = self._kept[row.sha256] = Known(row, trusted_key(load_der_x509_certificate(row.certificate)))
        else:
            old = known.row
            known.row = row._replace(good_at=max(row.good_at, old.good_at), revoked_at=row.revoked_at or old.revoked_at)
            known.read_at = time.monotonic()
            known.used = False
        self._kept.move_to_end(row.sha256)
        return known
