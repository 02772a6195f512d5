import os
import signal
import sys
from pathlib import Path

import pytest
from local_pids import descendants, left_after
from nsw_local import Command, Ports, Process, Spec, down, lock, state, up
from nsw_local.errors import FolderInUseError, StartFailedError


def a_web_server(ports: Ports) -> Process:
    argv = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(ports.intake)]
    return Process("intake", argv, ready_url=f"http://127.0.0.1:{ports.intake}/")


def test_up_killed_up_again_and_down(tmp_path: Path) -> None:
    folder, ports = tmp_path / ".nsw", Ports.free()
    spec = Spec(
        ports,
        commands=[Command("migrate", ["/bin/sh", "-c", 'echo "$WHAT"'], env={"WHAT": "migrated"})],
        processes=[a_web_server(ports)],
    )
    try:
        seen = []
        ready = up(folder, spec, seen.append)
        # a step shorter than the interval between two looks may go unseen; none is out of order
        steps = ["Starting Kafka and Postgres", "Running migrate", "Starting intake", "Ready"]
        messages = [each.message for each in seen]
        assert messages == [step for step in steps if step in messages]
        assert {"Starting Kafka and Postgres", "Ready"} <= set(messages)
        assert ready.status == "ready"
        assert set(ready.pids) == {"kafka", "postgres", "intake"}
        assert ready.urls["intake"] == f"http://127.0.0.1:{ports.intake}"
        assert (folder / "logs" / "migrate.log").read_text() == "migrated\n"
        assert (folder / "state.json").stat().st_mode & 0o777 == 0o600
        with pytest.raises(FolderInUseError):
            up(folder, spec)

        supervisor = lock.holder(folder)
        everything = descendants(supervisor)
        assert len(everything) > len(ready.pids) + 4  # Postgres's own children are among them
        os.kill(supervisor, signal.SIGKILL)
        assert left_after(everything | {supervisor}, 10) == set()
        assert state(folder).status == "failed"
        assert "killed" in state(folder).message

        up(folder, spec)
        supervisor = lock.holder(folder)
        everything = descendants(supervisor) | {supervisor}
        assert state(folder).status == "ready"
        assert down(folder)
        assert left_after(everything, 10) == set()
        assert state(folder) is None
        assert (folder / "postgres" / "data").exists()
    finally:
        down(folder, wipe=True)
    assert not folder.exists()
    assert not down(folder)


@pytest.fixture
def given(monkeypatch) -> None:
    """Kafka and Postgres are somebody else's: nothing slow to start."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/nsw")


def test_a_service_that_ends_fails_the_start(tmp_path: Path, given) -> None:
    ports = Ports.free()
    broken = Process("routing", ["/bin/sh", "-c", "echo no such topic; exit 1"], ready_url="http://127.0.0.1:1/")
    with pytest.raises(StartFailedError, match=r"routing ended 3 times before it was ready.\nno such topic"):
        up(tmp_path, Spec(ports, processes=[a_web_server(ports), broken]))
    assert lock.holder(tmp_path) is None
    assert state(tmp_path).status == "failed"


def test_a_restart_shows_in_the_state(tmp_path: Path, given) -> None:
    ports = Ports.free()
    try:
        before = up(tmp_path, Spec(ports, processes=[a_web_server(ports)])).pids["intake"]
        os.kill(before, signal.SIGKILL)
        # the supervisor itself is the clock here: it writes the state when it has started the service again
        while state(tmp_path).restarts.get("intake") != 1:
            assert state(tmp_path).status == "ready"
        assert state(tmp_path).pids["intake"] != before
    finally:
        down(tmp_path)
