"""The `nsw` command as a user runs it: a process of its own, and no process of it left when it is over."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from nsw_cli.main import app
from nsw_local import Ports
from typer.testing import CliRunner

SECONDS = 240
MARK = "NSW_TEST_MARK"
"""In the environment of a command and of all its descendants: that is how they are found again."""
FROM_OUTSIDE = ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "NSW_INTAKE_URL", "NSW_PORT_BASE", "NSW_ROLE_PASSWORD")


@dataclass
class Nsw:
    """Runs commands in one folder, on ports of its own: quick ones in this process, long ones as a user would."""

    folder: Path
    ports: Ports = field(default_factory=Ports.free)
    mark: str = field(default_factory=lambda: uuid4().hex)

    def __call__(self, *arguments: str, code: int = 0, env: Mapping[str, str] | None = None) -> str:
        """Standard output of `nsw ARGUMENTS`, or standard error where it is to refuse (code 2)."""
        told = dict.fromkeys(FROM_OUTSIDE) | self.environment(env)
        result = CliRunner(env=told).invoke(app, [*arguments, "--folder", str(self.folder)])
        assert result.exit_code == code, f"{arguments}: exit code {result.exit_code}\n{result.output}"
        return result.stderr if code == 2 else result.stdout

    def popen(self, *arguments: str, env: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
        """Start it as a process of its own."""
        inherited = {name: value for name, value in os.environ.items() if name not in FROM_OUTSIDE}
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("nsw")), *arguments, "--folder", str(self.folder)],
            env=inherited | self.environment(env),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, *arguments: str) -> str:
        """Its standard output, when it has ended well."""
        with self.popen(*arguments) as process:
            out, err = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, f"{arguments}: exit code {process.returncode}\n{out}\n{err}"
        return out

    def environment(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """By which its processes find their ports, and are found."""
        return {"NSW_PORT_BASE": str(self.ports.kafka), MARK: self.mark, **(env or {})}

    def refusal(self, *arguments: str) -> str:
        """What it refuses with; nothing where it does what is asked."""
        result = CliRunner(env=dict.fromkeys(FROM_OUTSIDE) | self.environment()).invoke(
            app, [*arguments, "--folder", str(self.folder)]
        )
        return "" if result.exit_code == 0 else result.stderr

    def json(self, *arguments: str, code: int = 0) -> Any:
        """What it prints with --json."""
        return json.loads(self(*arguments, "--json", code=code))

    def left(self, seconds: float = 10.0) -> list[str]:
        """The command lines of its processes that are still there when none should be."""
        eventually(lambda: not self._alive(), seconds)
        return self._alive()

    def _alive(self) -> list[str]:
        sought = f"{MARK}={self.mark}".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if sought in (process / "environ").read_bytes().split(b"\0"):
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue  # gone, or somebody else's
        return found


def example() -> dict[str, Any]:
    """What `nsw procedure example` prints."""
    result = CliRunner().invoke(app, ["procedure", "example", "BYTE0800015"])
    assert result.exit_code == 0
    assert "--document application=FILE" in result.stderr
    return json.loads(result.stdout)


def eventually(true: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true answer within so many seconds, or the last one."""
    deadline = time.monotonic() + seconds
    while not (answer := true()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer


def interrupt(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Ctrl-C; its exit code and standard error."""
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=SECONDS)
    return process.returncode, err
