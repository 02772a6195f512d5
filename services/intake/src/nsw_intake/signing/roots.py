"""The certification authorities that signing certificates must chain to, from PEM files.

A self-signed certificate in the files is a root. Any other is an intermediate that businesses need not send. A
development authority certifies anybody as anybody; it is trusted in development alone.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from asn1crypto import pem
from asn1crypto.x509 import Certificate
from nsw_runtime.errors import BadSettings

DEVELOPMENT_ONLY: Final = "NSW DEVELOPMENT ONLY"
"""What a local stack's authority has for its organization, and for that of everyone it certifies."""


class Roots(NamedTuple):
    """Trusted roots, and intermediates that are known beside them."""

    trusted: tuple[Certificate, ...]
    known: tuple[Certificate, ...]


def read_roots(files: Sequence[str]) -> Roots:
    """Read the files; none: nothing is trusted.

    Raises:
        BadSettings: a file cannot be read, or holds no root.
    """
    found: list[Certificate] = []
    for file in files:
        try:
            blocks = pem.unarmor(Path(file).read_bytes(), multiple=True)
            found += [Certificate.load(der, strict=True) for kind, _, der in blocks if kind == "CERTIFICATE"]
        except (OSError, ValueError) as error:
            raise BadSettings(f"NSW_SIGNING_ROOTS: {file} cannot be read: {error}; name PEM files") from error
    trusted = tuple(one for one in found if one.self_issued)
    if files and not trusted:
        raise BadSettings("NSW_SIGNING_ROOTS: the files hold no root, which is a certificate issued by itself")
    return Roots(trusted, tuple(one for one in found if not one.self_issued))


def require_real(roots: Roots) -> None:
    """Let no development authority be trusted.

    Raises:
        BadSettings: one is among these.
    """
    for one in (*roots.trusted, *roots.known):
        if any(DEVELOPMENT_ONLY in str(name.native) for name in (one.subject, one.issuer)):
            raise BadSettings(
                f"NSW_SIGNING_ROOTS: a certificate of {DEVELOPMENT_ONLY} is among them, and its authority certifies "
                "anybody as anybody. Name real authorities' roots, or set NSW_ENVIRONMENT=development"
            )
