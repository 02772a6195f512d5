"""Judges the signature in an XML document, in the same order as `signatures` does those beside a body.

A document holds one signature: a second one would change what the first is over. A procedure that asks for several is
filed as JSON.
"""

import asyncio
from datetime import timedelta
from typing import Final

from cryptography.x509 import load_der_x509_certificate
from lxml import etree
from nsw_runtime.clock import Clock

from nsw_intake.signing.certificate import Unfit
from nsw_intake.signing.errors import CERTIFICATES, bad_signature
from nsw_intake.signing.known import KnownCertificates
from nsw_intake.signing.store import Signed, Verified
from nsw_intake.signing.usable import FarTime, require_near, require_usable
from nsw_intake.signing.xml import BadXmlSignature, certificate_named, verify_xml

WHERE: Final = "Signature"


class XmlSignatures:
    """The judge of XML. `window`: how far a SigningTime may be from now, where there is one."""

    def __init__(self, *, known: KnownCertificates, clock: Clock, window: timedelta) -> None:
        self._known = known
        self._clock = clock
        self._window = window

    async def verified(self, raw: bytes) -> tuple[etree._Element, Signed]:
        """The document as it was signed, and by whom; `raw` has been read within limits (`read_xml`) before.

        Use nothing of the document but this element. Give the `Signed` to the door as its claim: it judges whether
        that is who must sign.

        Raises:
            Problem: 422, the signature does not hold or its certificate cannot be signed with; 503, that cannot be
                found out now.
        """
        try:
            sha256 = await asyncio.to_thread(certificate_named, raw)
            known = (await self._known.find([sha256])).get(sha256)
            if known is None:
                raise bad_signature(WHERE, f"its certificate is not registered; register it with POST {CERTIFICATES}")
            now = self._clock()
            require_usable(known.row, now)
            certificate = load_der_x509_certificate(known.row.certificate)
            element, signing_time = await asyncio.to_thread(verify_xml, raw, certificate)
            at = signing_time or now
            require_near(at, now, self._window, "SigningTime")
            standing = await self._known.standing(known)
        except BadXmlSignature as error:
            raise bad_signature(WHERE, f"the signature {error}") from None
        except (Unfit, FarTime) as error:
            raise bad_signature(WHERE, str(error)) from None
        row = known.row
        one = Verified("", row.sha256, row.declarant, at, standing.revocation, standing.checked_at)
        return element, Signed(raw, (one,))
