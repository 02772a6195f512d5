"""The tutorial's commands do what it says, run in order as a reader would."""

import os
import re
import subprocess
import sys
from pathlib import Path

TUTORIAL = Path(__file__).parents[2] / "docs" / "adapters" / "first-adapter.md"
SECONDS = 240


def test_every_command_of_the_tutorial_runs(tmp_path: Path) -> None:
    text = TUTORIAL.read_text("utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 6
    assert len(re.findall(r"^```", text, re.MULTILINE)) == 12, "no other blocks: all of them are run"
    binaries = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(blocks)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hello: platinum" in done.stdout
    assert done.stdout.splitlines()[-1] == "platinum"
