"""Tables of signatures: certificates businesses have registered, and what was signed. All SQL of them stands here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from nsw_runtime.database import Connection
from pydantic_core import to_json

Revocation = Literal["good", "grace"]
"""What was known of a certificate when a signature was taken: an answer that counts, or the last one before its
authority stopped answering."""


class CertificateRow(NamedTuple):
    """A registered certificate. `certificate` and `chain` are DER; `good_at`: when it was last found good."""

    sha256: str
    declarant: str
    holder: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    certificate: bytes
    chain: Sequence[bytes]
    registered_at: datetime
    ended_at: datetime | None
    good_at: datetime
    revoked_at: datetime | None

    def shown(self) -> dict[str, Any]:
        """As the business sees it."""
        return {
            "sha256": self.sha256,
            "declarant": self.declarant,
            "holder": self.holder,
            "issuer": self.issuer,
            "serial": self.serial,
            **{
                name: value.isoformat()
                for name in ("not_before", "not_after", "registered_at", "good_at", "revoked_at", "ended_at")
                if (value := getattr(self, name)) is not None
            },
        }


class Verified(NamedTuple):
    """A signature that holds: by which certificate, whose, when it was made, and what was known of the certificate.

    `jws` is in detached compact form; empty for a signature inside the body itself (XML). `checked_at`: when the
    certificate's authority said that it is good.
    """

    jws: str
    certificate: str
    holder: str
    signed_at: datetime
    revocation: Revocation
    checked_at: datetime


class Signed(NamedTuple):
    """Bytes exactly as they were received, with the signatures over them that hold."""

    body: bytes
    signatures: tuple[Verified, ...]


class SignedRow(NamedTuple):
    """Something signed about to be kept, beside the fact it became."""

    number: str
    fact: str
    declarant: str
    signed: Signed


_COLUMNS: Final = ", ".join(CertificateRow._fields)
_REGISTER: Final = """
insert into signing_certificate
    (sha256, declarant, holder, issuer, serial, not_before, not_after, certificate, chain, registered_at, ended_at,
     good_at, revoked_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict do nothing
returning sha256
"""
_CERTIFICATES: Final = f"select {_COLUMNS} from signing_certificate where sha256 = any($1)"  # noqa: S608  # no input
_OF: Final = f"""
select {_COLUMNS} from signing_certificate where declarant = $1 order by registered_at, sha256
"""  # noqa: S608  # no input
_END: Final = """
update signing_certificate set ended_at = coalesce(ended_at, $3) where sha256 = $1 and declarant = $2 returning sha256
"""
_FOUND_GOOD: Final = "update signing_certificate set good_at = greatest(good_at, $2) where sha256 = $1"
_FOUND_REVOKED: Final = """
update signing_certificate set revoked_at = coalesce(revoked_at, $2) where sha256 = $1
"""
_KEEP: Final = """
insert into signed (number, fact, declarant, received_at, body, signatures)
select n, f, d, $4, b, s from unnest($1::text[], $2::text[], $3::text[], $5::bytea[], $6::jsonb[]) as u(n, f, d, b, s)
on conflict do nothing
"""


async def register(connection: Connection, row: CertificateRow) -> bool:
    """Hold a certificate; False where its SHA-256 is held already."""
    return await connection.fetchval(_REGISTER, *row) is not None


async def certificates(connection: Connection, sha256s: Sequence[str]) -> dict[str, CertificateRow]:
    """The registered ones of these, by SHA-256."""
    return {row[0]: CertificateRow(*row) for row in await connection.fetch(_CERTIFICATES, sha256s)}


async def certificates_of(connection: Connection, declarant: str) -> list[CertificateRow]:
    """A business's certificates, in the order they were registered."""
    return [CertificateRow(*row) for row in await connection.fetch(_OF, declarant)]


async def end(connection: Connection, sha256: str, declarant: str, at: datetime) -> bool:
    """End a certificate's use, once; False where the business has no such certificate."""
    return await connection.fetchval(_END, sha256, declarant, at) is not None


async def found(connection: Connection, sha256: str, at: datetime, *, revoked: bool) -> None:
    """Note what an authority said of a certificate."""
    await connection.execute(_FOUND_REVOKED if revoked else _FOUND_GOOD, sha256, at)


async def keep(connection: Connection, rows: Sequence[SignedRow], at: datetime) -> None:
    """Keep what was signed, in the caller's transaction. Row-level security leaves no COPY."""
    if rows:
        await connection.execute(
            _KEEP,
            [row.number for row in rows],
            [row.fact for row in rows],
            [row.declarant for row in rows],
            at,
            [row.signed.body for row in rows],
            [_signatures(row.signed.signatures) for row in rows],
        )


def _signatures(signatures: Sequence[Verified]) -> str:
    return to_json([one._asdict() for one in signatures]).decode()
