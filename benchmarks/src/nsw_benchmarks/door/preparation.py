"""What a window must know before signed dossiers can be filed: who acts for whom, and with which certificates."""

import asyncio
from collections.abc import Sequence
from typing import Final

import aiohttp
import orjson

from nsw_benchmarks.door.signers import Signer
from nsw_benchmarks.identity import Headers, Identity, Tokens

_AT_ONCE: Final = 16


def caller(tax_code: str) -> str:
    """The subject that a business's own system calls as."""
    return f"system-of-{tax_code}"


async def prepare(intake_url: str, identity: Identity, signers: Sequence[Signer]) -> dict[str, str]:
    """Register each business's system and certificate; gives each one's `Authorization` by tax code.

    Raises:
        aiohttp.ClientError: the issuer or intake does not answer, or refuses.
    """
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        tokens = Tokens(session, identity.issuer_url)
        lines = b"\n".join(
            orjson.dumps(
                {
                    "issuer": identity.issuer_url,
                    "subject": caller(signer.tax_code),
                    "role": "declarant",
                    "party": signer.tax_code,
                }
            )
            for signer in signers
        )
        operator = {"content-type": "application/x-ndjson"} | await tokens.headers(identity.operator)
        async with session.post(f"{intake_url}/v1/registrations", data=lines, headers=operator):
            pass
        gate = asyncio.Semaphore(_AT_ONCE)

        async def register(signer: Signer) -> Headers:
            async with gate:
                headers = await tokens.headers(caller(signer.tax_code))
                body = {"declarant": signer.tax_code, "certificate": signer.pem}
                async with session.post(f"{intake_url}/v1/signing-certificates", json=body, headers=headers):
                    return headers

        registered = await asyncio.gather(*(register(signer) for signer in signers))
    return {signer.tax_code: headers["authorization"] for signer, headers in zip(signers, registered, strict=True)}
