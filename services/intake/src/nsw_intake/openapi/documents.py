"""The operations on documents: uploads that go on where they stopped, downloads, and links."""

from typing import Any, Final

from nsw_intake.documents.errors import OFFSET_HEADER
from nsw_intake.documents.routes import LinkBody
from nsw_intake.openapi.answers import DocumentHeld, LinkGiven
from nsw_intake.openapi.operation import (
    AGENCY_CODE,
    NUMBER,
    SHA256,
    TAX_CODE,
    Answer,
    Body,
    Operation,
    header,
    path_parameter,
    query,
)

DIGEST: Final = path_parameter("sha256", "The SHA-256 of the document's bytes, in lower-case hexadecimal.", SHA256)
DECLARANT: Final = query("declarant", "The tax code of the business whose document it is.", TAX_CODE)
OF_AGENCY: Final = query("agency", "In place of it, the code of the agency whose result it goes with.", AGENCY_CODE)
OFFSET: Final = header(
    OFFSET_HEADER, "Go on from here, as HEAD says it.", {"type": "string", "pattern": "^[0-9]{1,15}$", "default": "0"}
)
RANGE: Final = header("Range", "One range of bytes.", {"type": "string", "examples": ["bytes=0-1023"]})
SAME: Final = header("If-None-Match", "The ETag of what the client has.", {"type": "string"})
_BYTES: Final[dict[str, Any]] = {"type": "string", "format": "binary"}
_WHOLE: Final = Answer("The document.", _BYTES, media="*/*", headers=("ETag", "Content-Disposition"))
_SHOWN: Final = {
    200: _WHOLE,
    206: Answer("The range.", _BYTES, media="*/*", headers=("ETag", "Content-Range")),
    304: Answer("The client has it."),
}


def operations() -> list[Operation]:
    """The operations."""
    of_dossier = "/v1/dossiers/{number}/documents/{sha256}"
    held = Answer("It was held before.", DocumentHeld, headers=("Upload-Offset", "Upload-Length"))
    return [
        Operation(
            "PUT", "/v1/documents/{sha256}", "putDocument", "documents", "anyone", "Upload a document",
            {201: Answer("It is held.", DocumentHeld, headers=("Upload-Offset", "Upload-Length")), 200: held},
            says="`Content-Type` is the document's own, `Content-Length` is needed. After a broken connection `HEAD` "
            "says from where to go on.",
            parameters=(DIGEST, DECLARANT, OF_AGENCY, OFFSET),
            body=Body(_BYTES, media=("application/pdf", "image/png", "image/jpeg", "application/octet-stream")),
            problems=(404, 409, 411, 422),
        ),
        Operation(
            "HEAD", "/v1/documents/{sha256}", "uploadReached", "documents", "anyone", "How far an upload has come",
            {200: Answer("From where it goes on.", headers=("Upload-Offset", "Upload-Length"))},
            parameters=(DIGEST, DECLARANT, OF_AGENCY),
            problems=(404,),
        ),
        Operation(
            "DELETE", "/v1/documents/{sha256}", "removeDocument", "documents", "anyone", "Remove an unwanted document",
            {204: Answer("It is not held any more, nor is what was begun of it.")},
            says="Only while no dossier refers to it.",
            parameters=(DIGEST, DECLARANT, OF_AGENCY),
            problems=(404, 409),
        ),
        Operation(
            "GET", of_dossier, "showDocument", "documents", "anyone", "A document of a dossier",
            _SHOWN,
            says="For the dossier's business and the agencies that decide on it.",
            parameters=(NUMBER, DIGEST, RANGE, SAME),
            problems=(404, 416, 500),
        ),
        Operation(
            "POST", f"{of_dossier}/links", "linkDocument", "documents", "anyone", "A link that needs no token",
            {201: Answer("The link.", LinkGiven, headers=("Location",))},
            parameters=(NUMBER, DIGEST),
            body=Body(LinkBody, examples={"an hour": {"value": {"seconds": 3600}}}),
            problems=(404, 422),
        ),
        Operation(
            "GET", f"{of_dossier}/content", "followLink", "documents", "public", "Follow a link",
            _SHOWN,
            parameters=(
                NUMBER, DIGEST, RANGE, SAME,
                query("expires", "As the link has it.", {"type": "string"}, required=True),
                query("signature", "As the link has it.", {"type": "string"}, required=True),
            ),
            problems=(404, 410, 416, 500),
        ),
    ]  # fmt: skip
