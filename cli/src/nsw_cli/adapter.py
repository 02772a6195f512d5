"""`nsw adapter`: begin an adapter for a ministry's system, hold it to the kit's rules, rehearse with it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from nsw_cli.adapter_rehearse import rehearse
from nsw_cli.errors import FOUND_WRONG, CommandError
from nsw_cli.options import AsJson
from nsw_cli.output import err, print_json, print_table, say

if TYPE_CHECKING:
    from nsw_contracts.adapter.conformance import Report

app = typer.Typer(no_args_is_help=True, help="Adapters between the window and ministries' systems.")


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Small letters, digits and hyphens, such as our-system.")],
    agency: Annotated[str, typer.Option(help="The agency's code, such as BYTE.")],
    folder: Annotated[
        Path | None, typer.Option("--out", help="The folder to make.  [default: the name]", show_default=False)
    ] = None,
) -> None:
    """Write an adapter's project that passes every rule at once: change it until it speaks the agency's protocol."""
    from nsw_contracts.adapter.errors import BadAdapter  # noqa: PLC0415  # slow import
    from nsw_contracts.adapter.project import make_project  # noqa: PLC0415  # slow import
    from nsw_contracts.topics import AGENCIES  # noqa: PLC0415  # slow import

    if agency not in AGENCIES:
        raise CommandError(f"--agency: there is no agency {agency}; there are {', '.join(AGENCIES)}")
    target = folder or Path(name)
    try:
        make_project(target, name, agency)
    except BadAdapter as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"{target} cannot be written: {error.strerror}; name another folder by --out") from None
    say(f"Wrote {escape(str(target))}. Try it: nsw adapter check ./{escape(str(target))}")


@app.command()
def check(
    adapters: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME|FOLDER]...", help="Installed adapters, or projects' folders.  [default: all installed]",
            show_default=False,
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Try every rule that applies, each against a running test agency. Exit code 1 if any is broken."""
    from nsw_contracts.adapter.__main__ import reports  # noqa: PLC0415  # slow import
    from nsw_contracts.adapter.errors import AdapterError  # noqa: PLC0415  # slow import

    found: list[Report] = []
    try:
        for report in reports(adapters or []):
            found.append(report)
            if not as_json:
                _show(report)
    except AdapterError as error:
        raise CommandError(str(error)) from error
    if as_json:
        print_json([report.as_json() for report in found])
    if any(report.failed for report in found):
        raise typer.Exit(FOUND_WRONG)


def _show(report: "Report") -> None:
    rows = [
        (one.rule.level, one.rule.id, one.outcome, one.says or one.rule.title)
        for one in report.results
        if one.outcome != "not applicable"
    ]
    print_table(("level", "rule", "outcome", "~what"), rows)
    say(
        f"{report.name} for {report.agency}: [bold]{report.quality}[/] "
        f"({report.passed} rules hold, {report.failed} are broken; it claims {report.claimed})"
    )
    if report.failed:
        err.print("Each rule has a page: docs/adapters/rules/", markup=False)


app.command()(rehearse)
