"""docs/adapters/desk.md runs as it stands: a window with officers who decide for an agency, from `nsw up` on."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from nsw_command import FROM_OUTSIDE, Nsw, eventually

PAGE = Path(__file__).parents[2] / "docs/adapters/desk.md"
SECONDS = 120


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Nsw]:
    """`nsw` on ports of its own; what a page starts is gone afterwards."""
    command = Nsw(tmp_path / ".nsw")
    try:
        yield command
    finally:
        command.run("down", "--wipe")
    assert command.left() == []


def test_the_page_runs_as_it_stands(beside: Nsw, tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    env = {name: value for name, value in os.environ.items() if name not in FROM_OUTSIDE} | beside.environment()
    env["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        check=False, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    (number,) = re.findall(r"Proposed: result-issued of (\d{12})", done.stdout)
    assert f"the window hears of it: result-issued of {number}." in done.stdout
    assert "nsw desk list --agency BCA" in done.stdout, "`nsw up` says where its officers look"

    def issued() -> bool:
        return bool(beside.json("dossier", "show", number)["status"] == "result_issued")

    assert eventually(issued)
