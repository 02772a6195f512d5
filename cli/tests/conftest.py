"""One running window for all tests of the command."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from nsw_command import Nsw, example

HERE = Path(__file__).parent
_WINDOW = ExitStack()


@contextmanager
def window(folder: Path) -> Iterator[Nsw]:
    """`nsw` with its stack up; `nsw down --wipe` at the end leaves neither files nor processes."""
    command = Nsw(folder)
    said = command.run("up")
    try:
        assert f"http://127.0.0.1:{command.ports.intake}/readyz" in said
        yield command
    finally:
        command.run("down", "--wipe")
    assert not command.folder.exists()
    assert command.left() == []


@pytest.fixture(scope="session")
def nsw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nsw]:
    """A window for all tests of this folder, and for no longer: idle it takes a gigabyte and a core's twentieth."""
    with _WINDOW:
        yield _WINDOW.enter_context(window(tmp_path_factory.mktemp("up") / ".nsw"))


def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """After the last test of this folder the window ends."""
    if nextitem is None or HERE not in nextitem.path.parents:
        _WINDOW.close()


@pytest.fixture
def idle(tmp_path) -> Nsw:
    """`nsw` where nothing runs."""
    return Nsw(tmp_path / ".nsw")


@pytest.fixture
def file(tmp_path) -> Path:
    """A dossier on a disk."""
    written = tmp_path / "dossier.json"
    document = {"sha256": "ab" * 32, "name": "a.pdf", "media_type": "application/pdf", "size": 9, "kind": "application"}
    written.write_text(json.dumps(example() | {"documents": [document]}))
    return written
