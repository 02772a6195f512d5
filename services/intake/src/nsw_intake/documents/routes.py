"""Documents over HTTP: by SHA-256 for the businesses that bring them, by dossier and links for all who take part.

A business learns of its own uploads only. Whoever may not read a dossier's documents is told what is told of a dossier
that does not exist. Only a link needs no token.
"""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Final, NamedTuple, cast

import asyncpg
from nsw_contracts.number import is_dossier_number
from nsw_procedures.tax_code import is_tax_code
from nsw_runtime import metrics
from nsw_runtime.clock import Clock
from nsw_runtime.database import UNAVAILABLE, Pool
from nsw_runtime.document_links import Link
from nsw_runtime.identity import GuardedRoute, caller_of, guarded, not_registered
from nsw_runtime.problems import FieldError, Problem
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from nsw_intake.documents import disposition, reading, records
from nsw_intake.documents.access import may_read
from nsw_intake.documents.errors import (
    LENGTH_HEADER,
    OFFSET_HEADER,
    StoreUnavailable,
    UnreadableDocument,
    bad_claim,
    cannot_be_read,
    empty_document,
    length_required,
    store_away,
    unknown_document,
)
from nsw_intake.documents.links import LONGEST, USUAL, Links
from nsw_intake.documents.ranges import Part, part_of
from nsw_intake.documents.reading import Given, Reading
from nsw_intake.documents.records import Bytes
from nsw_intake.documents.uploads import Claim, Uploads
from nsw_intake.incoming import JSON, read_body, require
from nsw_intake.parsing import parse_json, valid

LINK_BODY_BYTES: Final = 1024
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")
_LONGEST_TYPE: Final = 100
_DIGITS: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_SAFE: Final[Mapping[str, str]] = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cache-control": "private, no-cache",
    "accept-ranges": "bytes",
}


class LinkBody(BaseModel):
    """For how many seconds a link is to be good."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: Annotated[int, Field(ge=1, le=int(LONGEST.total_seconds()), strict=True)] = int(USUAL.total_seconds())


class _Found(NamedTuple):
    """A document that may be read: its name in the dossier, its type, and where its bytes are."""

    given: Given
    media_type: str
    stored: Bytes


class DocumentRoutes:
    """The handlers."""

    def __init__(self, *, uploads: Uploads, reading: Reading, links: Links, pool: Pool, clock: Clock) -> None:
        self._uploads = uploads
        self._reading = reading
        self._links = links
        self._pool = pool
        self._clock = clock

    def routes(self) -> list[GuardedRoute]:
        """The routes."""
        of_dossier = "/v1/dossiers/{number}/documents/{sha256}"
        return [
            guarded("/v1/documents/{sha256}", self.put, methods=["PUT"], access="anyone"),
            guarded("/v1/documents/{sha256}", self.head, methods=["HEAD"], access="anyone"),
            guarded("/v1/documents/{sha256}", self.remove, methods=["DELETE"], access="anyone"),
            guarded(f"{of_dossier}/content", self.by_link, methods=["GET"], access="public"),
            guarded(f"{of_dossier}/links", self.link, methods=["POST"], access="anyone"),
            guarded(of_dossier, self.show, methods=["GET"], access="anyone"),
        ]

    async def put(self, request: Request) -> Response:
        """`PUT /v1/documents/{sha256}?declarant=…` (or `?agency=…`): 201, it is held now; 200, it was held before."""
        claim = _claim(request, _holder(request))
        held, new = await self._uploads.receive(claim, request.stream())
        body = {
            "sha256": held.sha256,
            "size": held.size,
            "media_type": held.media_type,
            "uploaded_at": held.uploaded_at.isoformat(),
        }
        return JSONResponse(body, status_code=201 if new else 200, headers=_reached(held.size, held.size))

    async def head(self, request: Request) -> Response:
        """`HEAD /v1/documents/{sha256}?declarant=…` (or `?agency=…`): where the upload goes on, and the whole size."""
        digest = _digest(request)
        try:
            holder = _holder(request)
        except Problem:  # whose it is said to be has no body to be told in
            raise unknown_document() from None
        reached = await self._uploads.reached(holder, digest)
        if reached is None:
            raise unknown_document()
        return Response(headers=_reached(*reached) | {"cache-control": "no-store"})

    async def remove(self, request: Request) -> Response:
        """`DELETE /v1/documents/{sha256}?declarant=…` (or `?agency=…`): what no dossier refers to is given up."""
        await self._uploads.remove(_holder(request), _digest(request))
        return Response(status_code=204)

    async def show(self, request: Request) -> Response:
        """`GET /v1/dossiers/{number}/documents/{sha256}`: the document, or one range of it."""
        found = await self._find(request)
        if not may_read(caller_of(request), found.given):
            raise unknown_document()
        return await self._answer(request, found)

    async def link(self, request: Request) -> Response:
        """`POST /v1/dossiers/{number}/documents/{sha256}/links`: a URL that needs no token, for `seconds`."""
        require(request, JSON)
        body = valid(LinkBody, parse_json(await read_body(request, LINK_BODY_BYTES)))
        found = await self._find(request)
        if not may_read(caller_of(request), found.given):
            raise unknown_document()
        expires = int(self._clock().timestamp()) + body.seconds
        url = self._links.path(Link(_number(request), _digest(request), expires))
        return JSONResponse({"url": url, "expires": expires}, status_code=201, headers={"location": url})

    async def by_link(self, request: Request) -> Response:
        """`GET …/content?expires=…&signature=…`: what `link` has given."""
        asked = request.query_params
        self._links.require(
            _number(request), _digest(request), asked.get("expires", ""), asked.get("signature", ""), self._clock()
        )
        return await self._answer(request, await self._find(request))

    async def _find(self, request: Request) -> _Found:
        """The document of the path, for whoever may read it.

        Raises:
            Problem: 404, there is no such document in such a dossier; 503.
        """
        number, digest = _number(request), _digest(request)
        try:
            async with self._pool.acquire() as connection:
                given = await reading.of_dossier(connection, number, digest)
                if given is None or not given.name:
                    raise unknown_document()
                held = await records.document(connection, given.holder, digest)
                stored = await records.bytes_of(connection, digest)
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            raise store_away() from error
        if held is None or stored is None:
            raise unknown_document()
        return _Found(given, held.media_type, stored)

    async def _answer(self, request: Request, found: _Found) -> Response:
        tag, size = f'"{_digest(request)}"', found.stored.size
        headers = {**_SAFE, "etag": tag, "content-disposition": disposition.attachment(found.given.name)}
        if _matches(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers=headers)
        asked = request.headers.get("range") if request.headers.get("if-range", tag) == tag else None
        part = part_of(asked, size)
        if part is not None:
            headers["content-range"] = part.content_range
        status, whole = (200, Part(0, size - 1, size)) if part is None else (206, part)
        headers["content-length"] = str(whole.length)
        if request.method == "HEAD":
            return Response(status_code=status, headers=headers, media_type=found.media_type)
        body = await self._begun(found.stored, whole)
        return StreamingResponse(body, status_code=status, headers=headers, media_type=found.media_type)

    async def _begun(self, stored: Bytes, part: Part) -> AsyncIterator[bytes]:
        """The bytes, the first of which are there: what cannot be read at all is answered with a problem."""
        chunks = self._reading.chunks(stored, part)
        try:
            first = await anext(chunks)
        except UnreadableDocument as error:
            metrics.DOCUMENTS_UNREADABLE.inc()
            raise cannot_be_read(error) from error
        except StoreUnavailable as error:
            raise store_away() from error
        return _joined(first, chunks)


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    del first
    async for chunk in rest:
        yield chunk


def _holder(request: Request) -> str:
    """Whose document the request says it is about, for whoever acts for them.

    Raises:
        Problem: 400, it does not say; 403, the caller does not act for that business or agency.
    """
    asked, caller = request.query_params, caller_of(request)
    declarant, agency = asked.get("declarant", ""), asked.get("agency", "")
    if agency and not declarant:
        if agency not in caller.agencies:
            raise not_registered("/agency")
        return agency
    if agency or not is_tax_code(declarant):
        says = "give the tax code of the business whose document it is, or the agency's code as `agency`"
        raise bad_claim([FieldError("/declarant", says)])
    if not caller.acts_for(declarant):
        raise not_registered("/declarant")
    return declarant


def _claim(request: Request, holder: str) -> Claim:
    """What a `PUT` says it brings.

    Raises:
        Problem: 400, 404, 411, 422: it does not say enough.
    """
    digest = _digest(request)
    offset = request.headers.get(OFFSET_HEADER, "0")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    length = request.headers.get("content-length")
    if length is None:
        raise length_required()
    wrong: list[FieldError] = []
    if not _MEDIA_TYPE.fullmatch(media_type) or len(media_type) > _LONGEST_TYPE:
        wrong.append(FieldError("/Content-Type", "give the document's media type, such as application/pdf"))
    if not _DIGITS.fullmatch(offset):
        wrong.append(FieldError(f"/{OFFSET_HEADER}", "give the number of bytes that were stored, as HEAD says it"))
    if not _DIGITS.fullmatch(length):
        wrong.append(FieldError("/Content-Length", "give the number of bytes in the body"))
    if wrong:
        raise bad_claim(wrong)
    if int(length) == 0:
        raise empty_document()
    return Claim(holder, digest, media_type, int(offset), int(length))


def _digest(request: Request) -> str:
    digest = cast("str", request.path_params["sha256"])
    if not _SHA256.fullmatch(digest):
        raise unknown_document()
    return digest


def _number(request: Request) -> str:
    number = cast("str", request.path_params["number"])
    if not is_dossier_number(number):
        raise unknown_document()
    return number


def _reached(offset: int, size: int) -> dict[str, Any]:
    return {OFFSET_HEADER: str(offset), LENGTH_HEADER: str(size)}


def _matches(header: str | None, tag: str) -> bool:
    held = {one.strip().removeprefix("W/") for one in (header or "").split(",")}
    return tag in held or "*" in held
