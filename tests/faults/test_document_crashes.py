"""SIGKILL of intake in the middle of an upload, wherever it is: nothing half done is served, and the upload goes on."""

import asyncio
import signal

import aiohttp
import pytest
from nsw_intake.documents.sealing import CHUNK_BYTES
from nsw_runtime.crash import CRASH_POINTS, CrashPoint
from support.documents import PDF, digest_of, pdf
from support.filers import Filer, get, path_of
from support.live import Live
from support.polling import until

SIZE = 3 * CHUNK_BYTES + 1000
CASES: dict[CrashPoint, tuple[str, tuple[int, ...]]] = {
    "document.chunk.before": (":2", (CHUNK_BYTES,)),
    "document.chunk.after": (":2", (2 * CHUNK_BYTES,)),
    "document.manifest.before": ("", (3 * CHUNK_BYTES,)),
    "document.manifest.after": ("", (SIZE,)),
}
"""The pass at which each kills, and from where the upload goes on."""


def test_every_point_of_an_upload_is_passed() -> None:
    assert set(CASES) == {point for point in CRASH_POINTS if point.startswith("document.")}


@pytest.mark.parametrize("point", CASES)
async def test_an_upload_killed_at_a_crash_point_goes_on(live: Live, point: CrashPoint) -> None:
    passes, offsets = CASES[point]
    filer, content = Filer(live), pdf(SIZE, seed=CRASH_POINTS.index(point))
    await filer.headers()  # registered, while there is somebody to register with
    await live.kill("intake")
    await live.begin("intake", restart=False, NSW_CRASH_AT=point + passes)
    await live.ready("intake")
    with pytest.raises(aiohttp.ClientError):
        await filer.put(content)
    assert await live.died("intake") == -signal.SIGKILL
    await live.begin("intake")
    await live.ready("intake")
    number = await filer.file(filer.referring(content))
    status, offset, length = await filer.reached(content)
    assert (status, length) == (200, str(SIZE))
    assert int(offset or 0) in offsets
    if int(offset or 0) < SIZE:
        assert (await get(live, path_of(number, content), await filer.headers()))[0] == 404, "half a document is none"
        rest = content[int(offset or 0) :]
        status, _, said = await filer.put(content, body=rest, headers={"upload-offset": str(offset)})
        assert status == 201, said
    assert (await get(live, path_of(number, content), await filer.headers()))[::2] == (200, content)


async def test_intake_killed_while_bytes_come_in(live: Live) -> None:
    filer, content = Filer(live), pdf(SIZE, seed=9)
    await filer.headers()
    sent = asyncio.Event()

    async def body():
        yield content[: 2 * CHUNK_BYTES]
        sent.set()
        await asyncio.Event().wait()

    headers = {"content-length": str(SIZE), "content-type": PDF}
    uploading = asyncio.create_task(filer.put(content, body=body(), headers=headers))
    await sent.wait()
    await live.kill("intake")
    with pytest.raises(aiohttp.ClientError):
        await uploading
    await live.begin("intake")
    await live.ready("intake")
    status, offset, _ = await filer.reached(content)
    at = int(offset or 0) if status == 200 else 0
    assert at in (0, CHUNK_BYTES, 2 * CHUNK_BYTES)
    headers = {"upload-offset": str(at)}
    assert (await filer.put(content, body=content[at:], headers=headers))[0] == 201
    number = await filer.file(filer.referring(content))
    assert (await get(live, path_of(number, content), await filer.headers()))[2] == content
    assert digest_of(content) in path_of(number, content)


async def test_intake_removes_what_was_left_unfinished(live: Live) -> None:
    """Its own doing, with nobody asking."""
    filer, content = Filer(live), pdf(SIZE, seed=10)
    headers = {"content-length": str(SIZE), "content-type": PDF}

    async def body():
        yield content[: 2 * CHUNK_BYTES]
        await until(begun, "a chunk to be stored")
        raise ConnectionAbortedError

    async def begun() -> bool:
        return (await filer.reached(content))[1] not in (None, "0")

    with pytest.raises((aiohttp.ClientError, ConnectionAbortedError)):
        await filer.put(content, body=body(), headers=headers)
    await live.stop("intake")
    async with live.owner() as owner:
        await owner.execute(
            "update intake.document_upload set touched_at = touched_at - interval '2 days' where declarant = $1",
            filer.tax_code,
        )
    await live.begin("intake")
    await live.ready("intake")

    async def gone() -> bool:
        return (await filer.reached(content))[0] == 404

    await until(gone, "the upload to be given up")
