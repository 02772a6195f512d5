"""What signatures are made of in a running intake."""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, Self

from nsw_runtime.clock import Clock
from nsw_runtime.database import Pool
from nsw_runtime.errors import BadSettings
from starlette.routing import BaseRoute

from nsw_intake.settings import IntakeSettings
from nsw_intake.signing.known import KnownCertificates, RevocationPolicy
from nsw_intake.signing.process import SigningProcess
from nsw_intake.signing.receipts import ReceiptKeys, Receipts
from nsw_intake.signing.revocation import StatusChecker
from nsw_intake.signing.roots import Roots, read_roots, require_real
from nsw_intake.signing.routes import SigningRoutes
from nsw_intake.signing.signatures import Signatures
from nsw_intake.signing.xml_signatures import XmlSignatures


class Trusted(NamedTuple):
    """What is read from files, once: the authorities that are trusted, and the window's own keys."""

    roots: Roots
    keys: ReceiptKeys

    @classmethod
    def read(cls, settings: IntakeSettings) -> Self:
        """Read them.

        Raises:
            BadSettings: a file cannot be used, nobody is trusted where signatures are required, or a development
                authority is in production.
        """
        roots = read_roots([one.strip() for one in settings.signing_roots.split(",") if one.strip()])
        if settings.environment == "production":
            require_real(roots)
        if settings.signatures == "required" and not roots.trusted:
            raise BadSettings(
                "NSW_SIGNATURES=required needs NSW_SIGNING_ROOTS: name PEM files of the authorities that businesses' "
                "certificates come from, or set NSW_SIGNATURES=optional"
            )
        return cls(roots, ReceiptKeys.read(settings.receipt_key_file))


@dataclass(frozen=True)
class Signing:
    """The parts that others use. `start` them with the service; `close` ends their process and threads."""

    signatures: Signatures
    xml: XmlSignatures
    receipts: Receipts
    routes: list[BaseRoute]
    _process: SigningProcess
    _checker: StatusChecker

    @classmethod
    def build(cls, trusted: Trusted, settings: IntakeSettings, pool: Pool, clock: Clock) -> Self:
        """Make the parts, and start nothing yet."""
        roots, keys = trusted
        process = SigningProcess(keys)
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
            process=process,
            clock=clock,
            policy=settings.signatures,
            window=window,
        )
        xml = XmlSignatures(known=known, clock=clock, window=window)
        routes = SigningRoutes(pool=pool, clock=clock, known=known, checker=checker, keys=keys).routes()
        return cls(signatures, xml, Receipts(process.sign), routes, process, checker)

    async def start(self) -> None:
        """Have the signing process there before the first request is."""
        await self._process.start()

    async def close(self) -> None:
        """End the process and the threads."""
        await self._process.close()
        await self._checker.close()
