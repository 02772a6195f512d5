"""Crash points: armed by name and pass, wrong settings refused by name, and the process dies exactly there."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from nsw_runtime import crash
from nsw_runtime.errors import BadSettings

DIES_THERE = """
from nsw_runtime import crash
crash.arm("relay.send.after:3")
for passed in range(1, 9):
    crash.crash_point("relay.send.before")
    print(passed, flush=True)
    crash.crash_point("relay.send.after")
"""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    crash.arm("")


@pytest.mark.parametrize("setting", ["relay.send", "relay.send.afterwards", ":3", " ", "relay.send.after,"])
def test_a_point_that_does_not_exist_is_refused(setting: str) -> None:
    if setting == ":3":
        crash.arm(setting)  # no name: none is armed
        return
    with pytest.raises(BadSettings, match=r"NSW_CRASH_AT: no crash point .*door\.transaction\.before"):
        crash.arm(setting)


@pytest.mark.parametrize("passes", ["0", "-1", "x", "1.5", " ", "3:4"])
def test_a_pass_that_is_no_number_is_refused(passes: str) -> None:
    with pytest.raises(BadSettings, match="NSW_CRASH_AT: the pass"):
        crash.arm(f"relay.send.after:{passes}")


def test_unarmed_points_are_passed() -> None:
    crash.arm("")
    for point in crash.CRASH_POINTS:
        crash.crash_point(point)


def test_it_dies_at_that_point_on_that_pass() -> None:
    ended = subprocess.run([sys.executable, "-c", DIES_THERE], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout.split()) == (-signal.SIGKILL, ["1", "2", "3"])
