"""Refusals about signatures and certificates, as problem details. Each says what the business can do."""

from collections.abc import Iterable
from typing import Final

from nsw_runtime.problems import FieldError, Problem, unavailable

HEADER: Final = "NSW-Signature"
CERTIFICATES: Final = "/v1/signing-certificates"
SIGNED_HOW: Final = (
    f"Send the header {HEADER} with a detached JWS (`<protected>..<signature>`) over the body's bytes, made with a "
    f"certificate registered by POST {CERTIFICATES}."
)


def unsigned(missing: str) -> Problem:
    """A signature is asked for and is not there."""
    return Problem(422, "signature-missing", "A signature is missing", f"{missing} {SIGNED_HOW}")


def bad_signature(where: str, why: str) -> Problem:
    """A signature that cannot be taken; `where` is the header, or the pointer of the part of a line."""
    pointer = where if where.startswith("/") else f"/{where}"
    return Problem(
        422,
        "signature-invalid",
        "A signature does not hold",
        "Nothing was taken in. Mend the signature named in `errors` and send it again with the same key.",
        errors=[FieldError(pointer, why)],
    )


def status_unknown() -> Problem:
    """Whether the certificate is revoked cannot be found out now."""
    return unavailable(
        "Whether the signing certificate is still good cannot be found out now: its authority does not answer. Send it "
        "again with the same key in a while.",
        retry_after=30,
    )


def unfit(why: str, pointer: str = "/certificate") -> Problem:
    """A certificate that cannot be registered."""
    return unfit_fields([FieldError(pointer, why)])


def unfit_fields(errors: Iterable[FieldError]) -> Problem:
    """A registration that cannot be made."""
    return Problem(
        422,
        "certificate-unfit",
        "The certificate cannot be registered",
        "Correct what `errors` names and send it again.",
        errors=errors,
    )


def certificate_ended() -> Problem:
    """The business has ended this certificate's use."""
    return Problem(
        409,
        "certificate-ended",
        "The use of this certificate was ended",
        "An ended certificate is not taken up again. Register another one.",
    )


def certificate_taken() -> Problem:
    """Another business has registered this certificate."""
    return Problem(
        409,
        "certificate-taken",
        "This certificate is registered for another tax code",
        "One certificate signs for one business. Register one that is issued for this tax code alone.",
    )


def unknown_certificate() -> Problem:
    """No such certificate of this business."""
    return Problem(
        404,
        "unknown-certificate",
        "No such certificate",
        f"Check the SHA-256 and the declarant: GET {CERTIFICATES}?declarant=… lists them.",
    )


def no_roots() -> Problem:
    """This window has not been told which authorities it trusts."""
    return Problem(
        501,
        "signatures-not-set-up",
        "This window takes no signatures yet",
        "Its operator has to name the trusted certification authorities first (NSW_SIGNING_ROOTS).",
    )
