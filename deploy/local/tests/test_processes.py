import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from local_pids import descendants, left_after
from nsw_local.errors import StartFailedError
from nsw_local.processes import Processes, Program

SLEEP = ["/bin/sleep", "600"]


@pytest.fixture
def processes(tmp_path: Path):
    with Processes(tmp_path) as some:
        yield some


def test_restarts_what_ends_by_itself_only(processes) -> None:
    processes.start(Program("svc", SLEEP, restart=True))
    first = processes.pid("svc")
    processes.signal("svc", signal.SIGKILL)
    assert processes.wait_exit("svc", 5) == -signal.SIGKILL
    processes.wait_ready("svc", lambda: processes.restarts("svc") == 1, 5)
    assert processes.pid("svc") != first
    assert processes.running("svc")
    processes.stop("svc")
    assert not processes.running("svc")
    assert processes.wait_exit("svc") == -signal.SIGTERM


def test_gives_up_on_what_never_gets_ready(processes) -> None:
    processes.start(Program("svc", ["/bin/sh", "-c", "echo no database; exit 3"], restart=True))
    with pytest.raises(StartFailedError, match=r"svc ended 3 times before it was ready(.|\n)*no database"):
        processes.wait_ready("svc", lambda: False, 30)


def test_kills_what_does_not_stop(processes) -> None:
    # says so when it no longer hears SIGTERM
    processes.start(Program("deaf", ["/bin/sh", "-c", "trap '' TERM; echo ready; sleep 600 & wait; wait"]))
    processes.wait_ready("deaf", lambda: "ready" in processes.log("deaf").read_text(), 5)
    below = descendants(processes.pid("deaf"))
    processes.stop("deaf", seconds=0.2)
    assert processes.wait_exit("deaf") == -signal.SIGKILL
    assert left_after(below, 2) == set()


def test_stops_a_stopped_process(processes) -> None:
    processes.start(Program("svc", SLEEP))
    processes.signal("svc", signal.SIGSTOP)
    processes.stop("svc")
    assert processes.wait_exit("svc") == -signal.SIGTERM


def test_a_failed_command_shows_its_log(processes) -> None:
    with pytest.raises(StartFailedError, match=r"migrate failed \(exit code 4\)\.\nwhy\n\(from .*migrate\.log\)"):
        processes.run(Program("migrate", ["/bin/sh", "-c", "echo why >&2; exit 4"]), 5)


def test_a_missing_program_says_its_name(processes) -> None:
    with pytest.raises(StartFailedError, match="cannot start /no/such/program"):
        processes.run(Program("nothing", ["/no/such/program"]), 5)


def test_outlives_the_thread_that_asked(processes) -> None:
    asking = threading.Thread(target=processes.start, args=(Program("svc", SLEEP),))
    asking.start()
    asking.join()
    with pytest.raises(TimeoutError):
        processes.wait_exit("svc", 0.3)


PARENT = """
import json, sys, threading
from pathlib import Path
from nsw_local.processes import Processes, Program
processes = Processes(Path(sys.argv[1]))
processes.start(Program("family", ["/bin/sh", "-c", "sleep 600 & echo ready; wait"], restart=True))
processes.wait_ready("family", lambda: "ready" in processes.log("family").read_text(), 10)
print(json.dumps({"child": processes.pid("family"), "guard": processes._guard.pid}), flush=True)
threading.Event().wait()
"""


@pytest.fixture
def parent(tmp_path: Path):
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE) as popen:
        pids = json.loads(popen.stdout.readline())
        yield popen, pids["child"], pids["guard"]
        popen.kill()


def test_nothing_outlives_a_killed_parent(parent) -> None:
    popen, child, guard = parent
    all_of_them = descendants(popen.pid)
    assert {child, guard} < all_of_them
    assert len(all_of_them) == 3  # and the grandchild
    popen.kill()
    assert left_after(all_of_them, 5) == set()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal is Linux's")
def test_the_kernel_ends_the_child_when_the_guard_is_gone_too(parent) -> None:
    popen, child, guard = parent
    (grandchild,) = descendants(child)
    os.kill(guard, signal.SIGKILL)
    popen.kill()
    assert left_after({child}, 5) == set()
    os.kill(grandchild, signal.SIGKILL)
