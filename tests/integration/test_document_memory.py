"""Intake's memory stays flat while a document streams through it, however large that is."""

from nsw_benchmarks.document_stream import MB, stream_document
from support.businesses import pack_today
from support.filers import PACK, Filer
from support.live import Live

SMALL, LARGE = 30 * MB, 200 * MB
MOST_GROWTH = 40.0
"""In MB: a few chunks of 4 MiB, and what the allocator keeps of those before; far less than the document."""


async def test_a_large_document_takes_no_more_memory_than_a_few_chunks(live: Live) -> None:
    filer = Filer(live)
    headers, pid = await filer.headers(), live.stack.pid("intake")
    dossier = filer.dossier(pack_today(PACK))
    await stream_document(live.intake, pid, dossier, headers, SMALL)  # what is held from then on was held before
    streamed = await stream_document(live.intake, pid, dossier, headers, LARGE)
    assert streamed.growth < MOST_GROWTH, streamed.figures()
    assert streamed.figures()["size"] == LARGE / MB
