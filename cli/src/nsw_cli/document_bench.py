"""The documents' part of `make bench`: one large document into a new window and out again, with intake's memory."""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from nsw_benchmarks.document_stream import MB, DocumentStream, document_table, stream_as_broker
from nsw_benchmarks.identity import Identity
from nsw_local import Ports, Settings, Stack
from nsw_local.supervisor import start_all

from nsw_cli.errors import ReportingGroup
from nsw_cli.output import out
from nsw_cli.steps import Steps
from nsw_cli.system import System

app = typer.Typer(cls=ReportingGroup, add_completion=False)


@app.callback(invoke_without_command=True)
def document_bench(
    size: Annotated[int, typer.Option("--mb", min=1, max=2000, help="The document's size in MB of 10^6 bytes.")] = 1000,
) -> None:
    """Measure a document's pace in and out, and what it takes of intake's memory."""
    out.print(document_table(document_round(size * MB).figures()))


def document_round(size: int) -> DocumentStream:
    """A document of `size` bytes through a new stack, which is gone afterwards."""
    settings = replace(Settings.from_environment(), kafka_bootstrap=None, database_url=None)
    with (
        tempfile.TemporaryDirectory(prefix="nsw-bench-") as folder,
        Stack(Path(folder) / "s", Ports.free(), settings) as stack,
    ):
        system = System.on(stack)
        spec = replace(system.spec(), processes=[system.issuer(), system.service("intake")])
        with Steps() as steps:
            start_all(stack, spec, steps.begin)
        identity = Identity(system.issuer_url)
        return asyncio.run(stream_as_broker(system.services["intake"], stack.pid("intake"), identity, size))


if __name__ == "__main__":
    app()
