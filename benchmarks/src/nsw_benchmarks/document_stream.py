"""One large document into the window and out again: how fast, and how much memory intake takes for it.

The document is made as it is sent, from a counter and a block of noise, and never held: what is measured is intake's
memory, not the client's. Linux only: a process's peak is read from, and reset in, `/proc`.
"""

import json
import random
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import aiohttp
from rich.table import Table

from nsw_benchmarks.identity import Broker, Identity
from nsw_benchmarks.profile import Profile

MB: Final = 1_000_000
_SMALL: Final = 30 * MB
_HEAD: Final = b"%PDF-1.7\n"
_PIECE: Final = 256 * 1024
_KIB: Final = 1024
_RESET_PEAK: Final = "5"  # what /proc/PID/clear_refs takes for it
_NO_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_read=120)


class StreamFailed(Exception):
    """The window did not do what was asked; its answer is the text."""


@dataclass(frozen=True)
class DocumentStream:
    """Sizes and memory in MB of 10^6 bytes; paces in MB a second. A peak is intake's whole resident memory."""

    size: float
    in_per_second: float
    out_per_second: float
    before_in: float
    peak_in: float
    before_out: float
    peak_out: float

    @property
    def growth(self) -> float:
        """How much memory the document took, in or out."""
        return max(self.peak_in - self.before_in, self.peak_out - self.before_out)

    def figures(self) -> dict[str, float]:
        """For the results' file."""
        return {name: round(value, 1) for name, value in asdict(self).items()}


def document_table(figures: Mapping[str, Any]) -> Table:
    """The figures for a terminal."""
    table = Table(title=f"A document of {figures['size']:,.0f} MB through the window")
    for column in ("", "in", "out"):
        table.add_column(column, justify="right" if column else "left")
    rows = {
        "MB a second": ("in_per_second", "out_per_second"),
        "intake's memory before, MB": ("before_in", "before_out"),
        "intake's memory at most meanwhile, MB": ("peak_in", "peak_out"),
    }
    for name, keys in rows.items():
        table.add_row(name, *(f"{figures[key]:,.0f}" for key in keys))
    return table


async def stream_document(
    intake_url: str, pid: int, dossier: Mapping[str, Any], headers: Mapping[str, str], size: int = 1000 * MB
) -> DocumentStream:
    """Upload a document of `size` bytes, file `dossier` with it added, and download it again.

    `pid` is intake's; `headers` say who calls, who acts for the dossier's declarant.

    Raises:
        StreamFailed: the window refused something, or gave out other bytes than it took in.
    """
    seed = random.randrange(2**32)
    digest = sha256()
    for piece in _pieces(size, seed):
        digest.update(piece)
    name, declarant = digest.hexdigest(), dossier["declarant"]["tax_code"]
    async with aiohttp.ClientSession(intake_url, headers=headers, timeout=_NO_TIMEOUT) as session:
        before_in = _reset_peak(pid)
        began = time.monotonic()
        described = {"content-type": "application/pdf", "content-length": str(size)}
        url = f"/v1/documents/{name}?declarant={declarant}"
        async with session.put(url, data=_async(_pieces(size, seed)), headers=described) as answer:
            await _require(answer, 201)
        took_in, peak_in = time.monotonic() - began, _peak(pid)
        number = await _file(session, dossier, name, size)
        before_out = _reset_peak(pid)
        began = time.monotonic()
        came = sha256()
        async with session.get(f"/v1/dossiers/{number}/documents/{name}") as answer:
            await _require(answer, 200)
            async for piece in answer.content.iter_chunked(_PIECE):
                came.update(piece)
        took_out, peak_out = time.monotonic() - began, _peak(pid)
    if came.hexdigest() != name:
        raise StreamFailed("other bytes came out than went in")
    paces = size / MB / took_in, size / MB / took_out
    return DocumentStream(size / MB, *paces, before_in, peak_in, before_out, peak_out)


async def stream_as_broker(intake_url: str, pid: int, identity: Identity, size: int = 1000 * MB) -> DocumentStream:
    """A document of `size` bytes by a business of the replay, for which `identity` is registered here.

    A small one goes first, so that what intake holds from its first document on is not counted for this one.

    Raises:
        StreamFailed: as `stream_document`.
    """
    (filing,) = Profile(1, 1, "plain").dossiers(1)
    dossier = json.loads(filing.body)
    async with aiohttp.ClientSession() as session:
        broker = Broker(session, identity)
        await broker.register(intake_url, [dossier["declarant"]["tax_code"]])
        headers = await broker.headers()
    await stream_document(intake_url, pid, dossier, headers, _SMALL)
    return await stream_document(intake_url, pid, dossier, headers, size)


async def _file(session: aiohttp.ClientSession, dossier: Mapping[str, Any], name: str, size: int) -> str:
    document = {
        "sha256": name, "name": "large.pdf", "media_type": "application/pdf", "size": size, "kind": "attachment",
    }  # fmt: skip
    body = {**dossier, "documents": [*dossier.get("documents", ()), document]}
    key = {"idempotency-key": uuid4().hex, "content-type": "application/json"}
    async with session.post("/v1/dossiers", data=json.dumps(body), headers=key) as answer:
        await _require(answer, 202)
        return str((await answer.json())["number"])


async def _require(answer: aiohttp.ClientResponse, status: int) -> None:
    if answer.status != status:
        raise StreamFailed(f"{answer.method} {answer.url.path}: {answer.status} {(await answer.text())[:500]}")


def _pieces(size: int, seed: int) -> Iterator[bytes]:
    noise = random.Random(seed).randbytes(_PIECE)
    sent = 0
    for count in range(-(-size // _PIECE)):
        head = _HEAD if count == 0 else count.to_bytes(8, "big")
        piece = (head + noise[len(head) :])[: size - sent]
        sent += len(piece)
        yield piece


async def _async(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def _reset_peak(pid: int) -> float:
    """Begin anew with the peak of a process's memory; what it holds now, in MB."""
    Path(f"/proc/{pid}/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
    return _memory(pid, "VmRSS")


def _peak(pid: int) -> float:
    return _memory(pid, "VmHWM")


def _memory(pid: int, name: str) -> float:
    """A figure of /proc/PID/status, which are in KiB, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) * _KIB / MB
