"""What can go wrong with documents: refusals as problem details, and faults of the store or the keys."""

import logging
from typing import Final

from nsw_runtime.errors import NswError
from nsw_runtime.problems import FieldError, Problem, unavailable

log = logging.getLogger(__name__)

OFFSET_HEADER: Final = "Upload-Offset"
LENGTH_HEADER: Final = "Upload-Length"


class StoreUnavailable(NswError):
    """The object store cannot be reached, refuses, or is full; the same request may be sent again."""


class UnreadableDocument(NswError):
    """A chunk is missing or was changed, or its key is not the one it was encrypted with; an operator must look.

    See `nsw documents show SHA256`.
    """


class UnknownKey(UnreadableDocument):
    """The key that a document's key is wrapped with is not in NSW_DOCUMENT_KEYS."""


def unknown_document() -> Problem:
    """There is no such document, or not for this caller."""
    return Problem(404, "unknown-document", "No such document", "Check the SHA-256: 64 lowercase hexadecimal digits.")


def bad_claim(errors: list[FieldError]) -> Problem:
    """The request does not say what is uploaded; each pointer is `/` and a parameter's or header's name."""
    return Problem(
        400,
        "bad-upload",
        "The upload is not described well enough",
        "Correct what is named in `errors` and send it again.",
        errors=errors,
    )


def length_required() -> Problem:
    """The body's length is not declared."""
    return Problem(
        411, "length-required", "Content-Length is needed", "Send Content-Length, and no Transfer-Encoding: chunked."
    )


def document_too_large(limit: int) -> Problem:
    """The document is larger than the window takes."""
    return Problem(413, "document-too-large", "The document is too large", f"A document has at most {limit:,} bytes.")


def documents_quota(kept: int, most: int) -> Problem:
    """The business keeps as many bytes without a dossier as it may."""
    return Problem(
        413,
        "documents-quota",
        "Too many documents wait for their dossier",
        f"A business or agency may keep {most:,} bytes that no dossier refers to, and {kept:,} are here. File the "
        f"dossiers that they are for. Go on with an upload that broke off ({OFFSET_HEADER}) rather than beginning "
        "anew: what is stored of it counts for a day. DELETE what no dossier comes for; in time it is removed anyway.",
    )


def filed_document() -> Problem:
    """A dossier refers to the document."""
    return Problem(
        409,
        "document-filed",
        "A dossier refers to the document",
        "It is a part of that dossier and stays as long as it does.",
    )


def empty_document() -> Problem:
    """The document has no bytes."""
    return Problem(422, "empty-document", "The document is empty", "A document has at least one byte.")


def wrong_hash() -> Problem:
    """The bytes are not those of the SHA-256 in the path."""
    return Problem(
        422,
        "document-hash",
        "The bytes have another SHA-256",
        "What was sent is not the document that the path names; nothing of it is kept. Compute the SHA-256 of the file "
        "and send all of it again.",
    )


def incomplete_body() -> Problem:
    """The connection ended before the body did."""
    return Problem(
        400,
        "incomplete-body",
        "The body ended too early",
        f"Ask HEAD for {OFFSET_HEADER} and go on from there.",
    )


def stalled() -> Problem:
    """The body stopped coming."""
    return Problem(
        408,
        "upload-stalled",
        "The body stopped coming",
        f"Ask HEAD for {OFFSET_HEADER} and go on from there.",
    )


def wrong_type(declared: str) -> Problem:
    """The content is not of the declared type."""
    return Problem(
        415,
        "document-type",
        "The document is of another type than declared",
        f"Its first bytes are not those of {declared}. Send Content-Type as the file really is; nothing of it is kept.",
    )


def wrong_offset(possible: list[int]) -> Problem:
    """The upload cannot go on from there."""
    where = f"It can go on from {possible[0]}." if possible else "There is nothing to go on from: begin at 0."
    return Problem(
        409,
        "upload-offset",
        "The upload cannot go on from there",
        f"{where} HEAD says {OFFSET_HEADER}; the whole size must be the one it was begun with.",
    )


def upload_taken_over() -> Problem:
    """Another request goes on with this upload, or it was given up meanwhile."""
    return Problem(
        409,
        "upload-taken-over",
        "Another request has gone on with this upload",
        f"Send one at a time. Ask HEAD for {OFFSET_HEADER} and go on from there.",
    )


def too_many() -> Problem:
    """As many documents are on their way as this process carries."""
    return unavailable("As many documents are on their way as can be. Try again shortly.", retry_after=5)


def store_away() -> Problem:
    """Nothing can be stored or read now."""
    return unavailable("Documents cannot be stored or read now. Try again shortly.", retry_after=5)


def cannot_be_read(why: UnreadableDocument) -> Problem:
    """The document is held but what is stored cannot be read; why is for the operator alone."""
    log.error("a document cannot be read; see `nsw documents show`", extra={"error": str(why)})
    return Problem(
        500,
        "document-unreadable",
        "The document cannot be read",
        "It is held, but what is stored does not pass its check; the operator has been told.",
    )


def range_unsatisfiable() -> Problem:
    """The range begins beyond the document's end."""
    return Problem(416, "range", "There is nothing in that range", "Ask for a range inside of the document's size.")


def bad_link() -> Problem:
    """The link was not made by this window for this document."""
    return Problem(404, "unknown-link", "No such link", "Use the whole link as it was given, or make a new one.")


def expired_link() -> Problem:
    """The link's time is over."""
    return Problem(410, "expired-link", "The link's time is over", "Make a new one with POST …/links.")
