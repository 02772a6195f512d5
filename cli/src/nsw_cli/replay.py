"""`nsw replay`: the country's dossiers through the running stack, and what became of them."""

from typing import Annotated

import typer
from nsw_contracts.topics import SERVICES

from nsw_cli.access import issuer_url
from nsw_cli.errors import FOUND_WRONG
from nsw_cli.local import running
from nsw_cli.options import DEFAULT_FOLDER, AsJson, Folder
from nsw_cli.output import err, out, print_json
from nsw_cli.system import BROKER, OPERATOR


def replay(
    dossiers: Annotated[int, typer.Option(min=1, help="How many to file.")],
    rate: Annotated[
        float | None, typer.Option(min=0.001, help="Dossiers a second.  [default: as fast as they are taken]")
    ] = None,
    seed: Annotated[int, typer.Option(help="Other seed, other businesses and dossiers.")] = 1,
    folder: Folder = DEFAULT_FOLDER,
    *,
    as_json: AsJson = False,
) -> None:
    """Let the country's businesses file dossiers; exit code 1 if any is lost, repeated or out of order."""
    stack = running(folder)

    from nsw_benchmarks.identity import Identity  # noqa: PLC0415  # slow import
    from nsw_benchmarks.replay import ReplayOptions  # noqa: PLC0415  # slow import
    from nsw_benchmarks.table import result_table  # noqa: PLC0415  # slow import

    from nsw_cli import replaying  # noqa: PLC0415  # slow import

    result = replaying.run(
        ReplayOptions(
            services={service: stack.urls[service] for service in SERVICES},
            agencies_url=stack.urls["agency-simulator"],
            businesses_url=stack.urls["business-simulator"],
            dossiers=dossiers,
            pids={service: stack.pids[service] for service in SERVICES},
            rate=rate,
            seed=seed,
            identity=Identity(issuer_url(stack), BROKER, OPERATOR),
        )
    )
    for example in result.examples:
        err.print(example, markup=False)
    (err if as_json else out).print(result_table(result))
    if as_json:
        print_json(replaying.figures(result), indent=None)
    if not replaying.kept(result):
        raise typer.Exit(FOUND_WRONG)
