"""Loads the jars of `jars.json` once into the cache.

A file stands under its own name in the cache only after its SHA-256 was right (atomic rename); until then
it is `NAME.part`, and the next attempt goes on where that ends. One process loads at a time (a lock
file); a second one waits and then finds everything there.
"""

import errno
import fcntl
import hashlib
import http.client
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path

from .errors import DiskFullError, DownloadError, NoNetworkError, WrongHashError
from .progress import show
from .settings import Settings

IN_PARALLEL = 4
TIMEOUT_SECONDS = 30.0
CHUNK = 256 * 1024


@dataclass(frozen=True)
class Jar:
    """One pinned file of a Maven repository; `size` in bytes."""

    path: str
    size: int
    sha256: str


OnSize = Callable[[str, int], None]
"""Told a jar's path and how many of its bytes are there."""


def locked_jars(section: str) -> list[Jar]:
    """The jars of one section of the lock, "kafka" or "zipkin"."""
    lock = json.loads(files(__package__).joinpath("jars.json").read_text())
    return [Jar(**jar) for jar in lock[section]]


def fetch(section: str, settings: Settings) -> list[Path]:
    """The section's jars as files in the cache, loaded where missing, with progress shown on stderr.

    Raises `NoNetworkError`, `WrongHashError`, `DownloadError` or `DiskFullError`.
    """
    return fetch_jars(locked_jars(section), settings, title=section)


def fetch_jars(jars: list[Jar], settings: Settings, *, title: str) -> list[Path]:
    """As `fetch`, of any jars."""
    root = settings.cache / "maven"
    if _missing(jars, root):
        try:
            with _one_process(settings.cache / "download.lock"):
                # again: while we waited for the lock, another process may have loaded them
                _load(_missing(jars, root), root, settings.maven_url, title)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFullError(
                    f"No room left for downloads in {settings.cache}. Free some space there, or "
                    "set NSW_CACHE_DIR to a folder on another disk."
                ) from error
            raise DownloadError(
                f"Cannot write to {settings.cache}: {error}. Set NSW_CACHE_DIR to a folder you may write to."
            ) from error
    return [root / jar.path for jar in jars]


def _missing(jars: list[Jar], root: Path) -> list[Jar]:
    return [jar for jar in jars if not (root / jar.path).exists()]


@contextmanager
def _one_process(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _load(jars: list[Jar], root: Path, base: str, title: str) -> None:
    if not jars:
        return
    stop = threading.Event()  # the first failure ends the others at their next chunk
    with show(title, sum(jar.size for jar in jars)) as on_size, ThreadPoolExecutor(IN_PARALLEL) as pool:
        running = [pool.submit(_load_one, jar, root, base, on_size, stop) for jar in jars]
        try:
            for each in as_completed(running):
                each.result()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _load_one(jar: Jar, root: Path, base: str, on_size: OnSize, stop: threading.Event) -> None:
    url, target = f"{base}/{jar.path}", root / jar.path
    part = target.with_name(target.name + ".part")
    target.parent.mkdir(parents=True, exist_ok=True)
    old_beginning = _size(part) > 0
    while True:
        before = _size(part)
        failure = _append(url, part, jar, on_size, stop)
        if stop.is_set():
            return
        after = _size(part)
        if after < jar.size:
            if after > before:
                continue  # cut half-way: go on from there as long as each attempt brings something
            raise NoNetworkError(
                f"Cannot load {url}: {failure or 'it ends too early'}. Check the network (set "
                "HTTPS_PROXY if you need a proxy), or set NSW_MAVEN_URL to a Maven repository you can "
                "reach; what was loaded so far is kept."
            ) from failure
        found = _sha256(part)
        if found == jar.sha256:
            part.replace(target)
            return
        part.unlink()
        if not old_beginning:
            raise WrongHashError(
                f"{url} is not the pinned file (SHA-256 {found}, expected {jar.sha256}); it was "
                "deleted. Try again; if it stays so, the repository or a proxy changes files: set "
                "NSW_MAVEN_URL to another repository."
            )
        old_beginning = False  # what an earlier run left may have been the wrong part: once more from nothing


def _append(url: str, part: Path, jar: Jar, on_size: OnSize, stop: threading.Event) -> Exception | None:
    """Load what `part` still lacks; the failure that cut the connection is returned, `stop` ends it early."""
    have = _size(part)
    if have >= jar.size:
        return None
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - the user's scheme
            goes_on = have > 0 and answer.status == HTTPStatus.PARTIAL_CONTENT
            have = have if goes_on else 0
            with part.open("ab" if goes_on else "wb") as file:
                while not stop.is_set() and have <= jar.size and (chunk := answer.read(CHUNK)):
                    file.write(chunk)
                    have += len(chunk)
                    on_size(jar.path, have)
    except urllib.error.HTTPError as error:
        error.close()
        raise DownloadError(
            f"{url} answered {error.code} {error.reason}. Check NSW_MAVEN_URL: it must be a Maven "
            "repository that serves Maven Central's files."
        ) from error
    except urllib.error.URLError as error:
        return error.reason if isinstance(error.reason, Exception) else error
    except (http.client.HTTPException, TimeoutError, ConnectionError) as error:
        return error
    return None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
