"""Requests as bytes, signed before anything is measured, in a file that a load generator reads its share of.

The file is one request after another, each behind its length in four bytes (big-endian).
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from nsw_benchmarks.door.signers import Signer
from nsw_benchmarks.profile import Filing

PATH: Final = "/v1/dossiers"
_LENGTH: Final = struct.Struct(">I")


def request(filing: Filing, key: str, signer: Signer, authorization: str, at: int) -> bytes:
    """`POST /v1/dossiers` of one dossier, signed by its business."""
    body = filing.body.encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: window\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nIdempotency-Key: {key}\r\nAuthorization: {authorization}\r\n"
        f"NSW-Signature: {signer.sign(body, at)}\r\n\r\n"
    )
    return head.encode() + body


def write(
    file: Path, filings: Iterable[Filing], signers: Sequence[Signer], authorizations: Mapping[str, str], at: int
) -> int:
    """Write the requests of these filings; `authorizations` are by tax code. Gives how many."""
    by_business = {signer.tax_code: signer for signer in signers}
    count = 0
    with file.open("wb") as opened:
        for filing in filings:
            tax_code = filing.business.tax_code
            made = request(filing, f"door-{count}", by_business[tax_code], authorizations[tax_code], at)
            opened.write(_LENGTH.pack(len(made)) + made)
            count += 1
    return count


def read(file: Path, start: int, count: int) -> list[bytes]:
    """`count` requests of the file, from the one at `start`."""
    return list(islice(_all(file), start, start + count))


def _all(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while length := opened.read(_LENGTH.size):
            yield opened.read(_LENGTH.unpack(length)[0])
