"""docs/businesses/filing.md runs as it stands: its shell and its Python, in order, against a running window."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import asyncpg
from nsw_cli.access import issuer_url, token_from
from nsw_cli.system import BROKER
from nsw_command import FROM_OUTSIDE, Nsw
from nsw_local import state

PAGE = Path(__file__).parents[2] / "docs/businesses/filing.md"


def test_the_page_runs_as_it_stands(nsw: Nsw, tmp_path: Path) -> None:
    stack = state(nsw.folder)
    (tmp_path / ".nsw").symlink_to(nsw.folder)
    env = {name: value for name, value in os.environ.items() if name not in FROM_OUTSIDE} | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "NSW_URL": stack.urls["intake"],
    }
    blocks = re.findall(r"```(sh|python)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert [kind for kind, _ in blocks].count("sh") == 6
    said = ""
    for kind, text in blocks:
        # `nsw submit` finds its token by itself; the other ways are given one.
        given = env if "nsw submit" in text else env | {"NSW_TOKEN": token_from(issuer_url(stack), BROKER)}
        shell = ["bash", "-euo", "pipefail", "-c"]
        argv = [*(shell if kind == "sh" else [sys.executable, "-W", "ignore", "-c"]), text]
        done = subprocess.run(argv, check=False, cwd=tmp_path, env=given, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        said += done.stdout
    assert "The receipt is genuine" in said
    assert "Cổng một cửa đã nhận hồ sơ" in said
    assert re.search(r"^(accepted|refused|supplement_requested|inspecting|fee_due|result_issued)$", said, re.MULTILINE)
    first, again, signed = re.findall(r"Dossier (\d{12})", said)
    assert first == again, "the form laid over what is shared is the same dossier"
    with_signature = asyncio.run(signed_ones(stack.urls["database"]))
    assert signed in with_signature
    assert first not in with_signature


async def signed_ones(database_url: str) -> set[str]:
    """The dossiers whose signed bytes the window keeps."""
    connection = await asyncpg.connect(database_url)
    try:
        return {row["number"] for row in await connection.fetch("select number from intake.signed")}
    finally:
        await connection.close()
