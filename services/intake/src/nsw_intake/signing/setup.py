"""What signatures are made of in a running intake."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from nsw_runtime.clock import Clock
from nsw_runtime.database import Pool
from starlette.routing import BaseRoute

from nsw_intake.settings import IntakeSettings
from nsw_intake.signing.known import KnownCertificates, RevocationPolicy
from nsw_intake.signing.receipts import ReceiptKeys, Receipts
from nsw_intake.signing.revocation import StatusChecker
from nsw_intake.signing.roots import read_roots
from nsw_intake.signing.routes import SigningRoutes
from nsw_intake.signing.signatures import Signatures
from nsw_intake.signing.threads import Threads
from nsw_intake.signing.xml_signatures import XmlSignatures


@dataclass(frozen=True)
class Signing:
    """The parts that others use; `close` ends their threads."""

    signatures: Signatures
    xml: XmlSignatures
    receipts: Receipts
    routes: list[BaseRoute]
    _threads: Threads
    _checker: StatusChecker

    @classmethod
    def build(cls, settings: IntakeSettings, pool: Pool, clock: Clock) -> Self:
        """Read the key and the roots, and start nothing yet.

        Raises:
            BadSettings: a file cannot be used.
        """
        threads = Threads("signatures")
        keys = ReceiptKeys.read(settings.receipt_key_file)
        roots = read_roots([one.strip() for one in settings.signing_roots.split(",") if one.strip()])
        policy = RevocationPolicy(
            counts=timedelta(seconds=settings.revocation_counts_seconds),
            unreachable=settings.revocation_unreachable,
            grace=timedelta(seconds=settings.revocation_grace_seconds),
        )
        checker = StatusChecker(roots, clock, settings.revocation_counts_seconds / 2)
        known = KnownCertificates(pool, clock, checker, policy)
        window = timedelta(seconds=settings.signature_window_seconds)
        signatures = Signatures(
            known=known,
            threads=threads,
            clock=clock,
            policy=settings.signatures,
            window=window,
        )
        xml = XmlSignatures(known=known, threads=threads, clock=clock, window=window)
        routes = SigningRoutes(pool=pool, clock=clock, known=known, checker=checker, keys=keys).routes()
        return cls(signatures, xml, Receipts(keys, threads), routes, threads, checker)

    async def close(self) -> None:
        """End the threads."""
        self._threads.close()
        await self._checker.close()
