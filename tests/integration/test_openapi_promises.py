"""schemathesis over the OpenAPI document against a running intake: what it takes and answers is what it says.

Examples, the edges of every schema, random good and bad requests, and chains of requests that lead to one another.
"""

import asyncio
import os
import sys
from pathlib import Path

from nsw_contracts.registration_facts import OPERATOR
from nsw_procedures.example import BRANCH, BUSINESS
from support.live import Live

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = "25"
"""Of each operation and of chains. Not a time: what is tried is the same on every machine, and so is what it finds."""
SUPPORT = ROOT / "tests" / "support"


CALLER = "everything"
"""Files for the examples' business, and operates the window: no operation is closed to it."""


async def test_intake_keeps_what_its_document_promises(live: Live, tmp_path: Path) -> None:
    await live.register(BUSINESS.tax_code, BRANCH.tax_code, subject=CALLER)
    await live.register(OPERATOR, subject=CALLER, role="operator")
    command = [
        Path(sys.executable).with_name("schemathesis"), "--config-file", SUPPORT / "schemathesis.toml",
        "run", ROOT / "contracts" / "openapi.json", "--url", live.intake, "--max-examples", EXAMPLES,
        "--generation-deterministic", "--no-shrink", "--continue-on-failure",
        "--suppress-health-check", "all", "--warnings", "off", "--no-color", "--request-timeout", "60",
        "--header", f"Authorization: Bearer {await live.token(CALLER)}",
    ]  # fmt: skip
    env = os.environ | {"SCHEMATHESIS_HOOKS": str(SUPPORT / "schemathesis_hooks.py")}
    running = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await running.communicate()
    assert running.returncode == 0, said.decode().partition("= FAILURES =")[2][:20_000]
