"""Documents' pure parts: sealed chunks, ranges, links, names for downloads, types by content."""

import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from nsw_intake.documents.disposition import attachment
from nsw_intake.documents.errors import UnreadableDocument
from nsw_intake.documents.links import LONGEST, Links
from nsw_intake.documents.media_types import is_of_type
from nsw_intake.documents.ranges import Part, part_of
from nsw_intake.documents.sealing import CHUNK_BYTES, Sealed, Sealer, chunk_length, chunks_of
from nsw_runtime.document_links import Link
from nsw_runtime.problems import Problem

KEY, BLOB = bytes(range(32)), "0" * 32
NUMBER, DIGEST = "260000000010", "a" * 64
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sealer", "index"),
    [
        (Sealer(KEY, BLOB, 10), 1),
        (Sealer(KEY, "1" * 32, 10), 0),
        (Sealer(KEY, BLOB, 11), 0),
        (Sealer(bytes(32), BLOB, 10), 0),
    ],
    ids=["another place", "another blob", "another whole size", "another key"],
)
def test_a_chunk_opens_only_as_what_it_was_sealed_as(sealer: Sealer, index: int) -> None:
    sealed = Sealer(KEY, BLOB, 10).seal(0, b"0123456789")
    assert Sealer(KEY, BLOB, 10).open(0, sealed) == b"0123456789"
    with pytest.raises(UnreadableDocument):
        sealer.open(index, sealed)


def test_the_same_chunk_is_never_sealed_alike() -> None:
    sealer = Sealer(KEY, BLOB, 10)
    assert len({sealer.seal(0, b"0123456789") for _ in range(100)}) == 100


def test_a_chunk_of_another_length_is_none() -> None:
    sealer = Sealer(KEY, BLOB, 10)
    with pytest.raises(UnreadableDocument):
        sealer.open(0, sealer.seal(0, b"012345678"))
    with pytest.raises(UnreadableDocument):
        sealer.open(0, Sealed(b"0" * 12, b""))


@pytest.mark.parametrize(
    ("size", "chunks", "last"),
    [(1, 1, 1), (CHUNK_BYTES, 1, CHUNK_BYTES), (CHUNK_BYTES + 1, 2, 1), (10**9, 239, 1755648)],
)
def test_how_a_document_is_cut(size: int, chunks: int, last: int) -> None:
    assert (chunks_of(size), chunk_length(size, chunks - 1)) == (chunks, last)


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", (0, 0)),
        ("bytes=5-", (5, 99)),
        ("bytes=-5", (95, 99)),
        ("bytes=-500", (0, 99)),
        ("bytes=90-500", (90, 99)),
        ("bytes=99-99", (99, 99)),
    ],
)
def test_a_range(header: str, part: tuple[int, int]) -> None:
    assert part_of(header, 100) == Part(*part, 100)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-4",
        "bytes=0-1,5-6",
        "lines=1-2",
        "bytes=--1",
        "bytes=٣-٤",
        "bytes=1-" + "9" * 16,
    ],
)
def test_what_is_no_single_range_asks_for_all(header: str | None) -> None:
    assert part_of(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_beyond_the_end(header: str) -> None:
    with pytest.raises(Problem) as told:
        part_of(header, 100)
    assert told.value.status == 416


LINKS = Links("k" * 32)
EXPIRES = int((NOW + timedelta(minutes=15)).timestamp())


def link_parts() -> tuple[str, str]:
    path = LINKS.path(Link(NUMBER, DIGEST, EXPIRES))
    query = dict(part.split("=") for part in path.partition("?")[2].split("&"))
    return query["expires"], query["signature"]


def refused(links: Links, number: str, digest: str, expires: str, signature: str, now: datetime = NOW) -> str:
    with pytest.raises(Problem) as told:
        links.require(number, digest, expires, signature, now)
    return told.value.kind


def test_a_link_is_good_for_its_document_until_its_time() -> None:
    expires, signature = link_parts()
    LINKS.require(NUMBER, DIGEST, expires, signature, NOW)
    LINKS.require(NUMBER, DIGEST, expires, signature, NOW + timedelta(minutes=14, seconds=59))
    assert refused(LINKS, NUMBER, DIGEST, expires, signature, NOW + timedelta(minutes=15)) == "expired-link"


def test_a_changed_link_is_none() -> None:
    expires, signature = link_parts()
    later = str(int(expires) + 3600)
    for wrong in (
        (NUMBER[:-1] + "1", DIGEST, expires, signature),
        (NUMBER, "b" * 64, expires, signature),
        (NUMBER, DIGEST, later, signature),
        (NUMBER, DIGEST, "0" + expires, signature[:-1]),
        (NUMBER, DIGEST, expires, signature[:-1]),
        (NUMBER, DIGEST, expires, ""),
        (NUMBER, DIGEST, expires, "é\ud800"),
        (NUMBER, DIGEST, "", signature),
        (NUMBER, DIGEST, "-1", signature),
        (NUMBER, DIGEST, "9" * 5000, signature),
        (NUMBER, DIGEST, "١٢", signature),
    ):
        assert refused(LINKS, *wrong) == "unknown-link", wrong
    assert refused(Links("l" * 32), NUMBER, DIGEST, expires, signature) == "unknown-link"
    assert timedelta(hours=24) == LONGEST


@pytest.mark.parametrize(
    ("name", "plain", "whole"),
    [
        ("invoice.pdf", "invoice.pdf", "invoice.pdf"),
        ("Hoá đơn.pdf", "Hoa on.pdf", "Ho%C3%A1%20%C4%91%C6%A1n.pdf"),
        ("../../etc/passwd", "etcpasswd", "etcpasswd"),
        ('a"; filename="b.exe', "a_ filename_b.exe", "a%3B%20filename%3Db.exe"),
        ("a\r\nset-cookie: x.pdf", "aset-cookie_ x.pdf", "aset-cookie%3A%20x.pdf"),
        ("a\u202efdp.exe", "afdp.exe", "afdp.exe"),
        ("...", "document", "document"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_a_name_is_only_ever_a_name(name: str, plain: str, whole: str) -> None:
    assert attachment(name) == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}"


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "application/epub+zip" if name == "mimetype" else "<x/>")
    return file.getvalue()


PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<</Type/Catalog>>endobj\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(50)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(50)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        (PDF, "application/pdf"),
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (zipped("mimetype", "META-INF/container.xml"), "application/epub+zip"),
        (zipped("[Content_Types].xml", "word/document.xml"), DOCX),
    ],
)
def test_content_that_is_what_it_is_declared_to_be(content: bytes, declared: str) -> None:
    assert is_of_type(content, declared)


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        (PDF, "image/png"),
        (PNG, "application/pdf"),
        (b"MZ\x90\x00" + bytes(200), "application/pdf"),
        (b"<html><script>alert(1)</script>", "application/pdf"),
        (b"GIF89a;%PDF-1.7\n", "application/pdf"),
        (zipped("[Content_Types].xml"), "application/pdf"),
        (b"hello", "text/plain"),
        (b"x", "application/pdf"),
        (b"%PD", "application/pdf"),
    ],
)
def test_content_that_is_something_else(content: bytes, declared: str) -> None:
    assert not is_of_type(content, declared)
