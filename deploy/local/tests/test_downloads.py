import hashlib
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from nsw_local.downloads import Jar, fetch_jars, locked_jars
from nsw_local.errors import DiskFullError, DownloadError, NoNetworkError, WrongHashError
from nsw_local.ports import Ports
from nsw_local.settings import Settings

CONTENT = bytes(range(256)) * 4096


class FakeMaven(ThreadingHTTPServer):
    """Serves `files`; notes each request's path and Range; may cut answers or not know ranges."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.cut_first: int | None = None  # the first answer ends after so many bytes
        self.cut_always: int | None = None  # each answer does, and ranges are ignored

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/maven2"


class Handler(BaseHTTPRequestHandler):
    server: FakeMaven

    def do_GET(self) -> None:
        maven, wanted = self.server, self.headers["Range"]
        maven.requests.append((self.path, wanted))
        content = maven.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and not maven.cut_always else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        cut = maven.cut_always or (maven.cut_first if len(maven.requests) == 1 else None)
        self.wfile.write(content[start:][:cut])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def maven() -> Iterator[FakeMaven]:
    with FakeMaven() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def settings(maven: FakeMaven, tmp_path: Path) -> Settings:
    return Settings(tmp_path / "cache", maven.url, Ports(), None, None, None)


def a_jar(maven: FakeMaven, name: str = "a") -> Jar:
    path = f"org/example/{name}/1/{name}-1.jar"
    maven.files[f"/maven2/{path}"] = CONTENT
    return Jar(path, len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


def part_of(jar: Jar, settings: Settings) -> Path:
    part = settings.cache / "maven" / f"{jar.path}.part"
    part.parent.mkdir(parents=True)
    return part


def test_loads_once_and_says_so(maven, settings, capsys) -> None:
    jars = [a_jar(maven, name) for name in "abcdefgh"]
    paths = fetch_jars(jars, settings, title="example")
    assert [path.read_bytes() for path in paths] == [CONTENT] * 8
    assert "Downloading example: 8 of 8 MB" in capsys.readouterr().err
    assert fetch_jars(jars, settings, title="example") == paths
    assert len(maven.requests) == 8
    assert capsys.readouterr().err == ""


def test_goes_on_where_an_earlier_run_ended(maven, settings) -> None:
    jar = a_jar(maven)
    part_of(jar, settings).write_bytes(CONTENT[:1000])
    (path,) = fetch_jars([jar], settings, title="example")
    assert path.read_bytes() == CONTENT
    assert [wanted for _, wanted in maven.requests] == ["bytes=1000-"]


def test_goes_on_after_a_cut_connection(maven, settings) -> None:
    maven.cut_first = 300_000
    (path,) = fetch_jars([a_jar(maven)], settings, title="example")
    assert path.read_bytes() == CONTENT
    assert [wanted for _, wanted in maven.requests] == [None, "bytes=300000-"]


def test_a_wrong_beginning_is_thrown_away(maven, settings) -> None:
    jar = a_jar(maven)
    part_of(jar, settings).write_bytes(b"x" * 1000)
    (path,) = fetch_jars([jar], settings, title="example")
    assert path.read_bytes() == CONTENT
    assert [wanted for _, wanted in maven.requests] == ["bytes=1000-", None]


def test_wrong_hash_leaves_nothing(maven, settings) -> None:
    jar = replace(a_jar(maven), sha256="0" * 64)
    with pytest.raises(WrongHashError, match=r"not the pinned file.*NSW_MAVEN_URL"):
        fetch_jars([jar], settings, title="example")
    assert [path for path in (settings.cache / "maven").rglob("*") if path.is_file()] == []


def test_a_server_that_always_ends_too_early(maven, settings) -> None:
    maven.cut_always = 1000
    with pytest.raises(NoNetworkError, match="ends too early"):
        fetch_jars([a_jar(maven)], settings, title="example")
    assert len(maven.requests) == 2


def test_not_a_maven_repository(maven, settings) -> None:
    with pytest.raises(DownloadError, match=r"answered 404 .*NSW_MAVEN_URL"):
        fetch_jars([replace(a_jar(maven), path="org/nowhere.jar")], settings, title="example")


def test_no_network(maven, settings) -> None:
    nobody = f"http://127.0.0.1:{Ports.free().kafka}"
    with pytest.raises(NoNetworkError, match="Check the network"):
        fetch_jars([a_jar(maven)], replace(settings, maven_url=nobody), title="example")


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_disk_full(maven, settings) -> None:
    jar = a_jar(maven)
    part_of(jar, settings).symlink_to("/dev/full")
    with pytest.raises(DiskFullError, match="NSW_CACHE_DIR"):
        fetch_jars([jar], settings, title="example")


def test_two_at_once_load_once(maven, settings) -> None:
    jars = [a_jar(maven, name) for name in "abcd"]
    both = [threading.Thread(target=fetch_jars, args=(jars, settings), kwargs={"title": "x"}) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert len(maven.requests) == 4


def test_the_lock_file_pins_the_broker() -> None:
    jars = locked_jars("kafka")
    assert "org/apache/kafka/kafka_2.13/4.4.0/kafka_2.13-4.4.0.jar" in [jar.path for jar in jars]
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) and jar.size > 0 for jar in jars)
