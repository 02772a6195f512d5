"""The simulators as processes of their own: started, known by address, and ended by whoever started them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

STOP_SECONDS = 10


class SimulatorProcess(NamedTuple):
    """A running simulator's address (`http://127.0.0.1:40123`) and process id."""

    url: str
    pid: int


@contextmanager
def running(kind: Literal["agency", "business"], port: int = 0) -> Iterator[SimulatorProcess]:
    """Run a simulator on loopback for as long as the block lasts; port 0 takes any free one.

    Raises:
        RuntimeError: it ended before it listened; its own words are on standard error.
    """
    command = [sys.executable, "-m", f"nsw_benchmarks.{kind}_simulator", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 (our own module)
        try:
            if process.stdout is None or not (url := process.stdout.readline().strip()):
                raise RuntimeError(f"the {kind} simulator did not start on port {port}: is it taken?")
            yield SimulatorProcess(url, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
