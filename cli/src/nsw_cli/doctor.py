"""`nsw doctor`: what is fit and what is not, each with the next step."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import typer
from nsw_local import Settings, state

from nsw_cli import checks
from nsw_cli.checks import Finding
from nsw_cli.errors import FOUND_WRONG
from nsw_cli.options import DEFAULT_FOLDER, AsJson, Folder
from nsw_cli.output import out, print_json

MARKS: Final = {"ok": "[green]ok  [/]", "warn": "[yellow]warn[/]", "fail": "[bold red]fail[/]"}


def doctor(folder: Folder = DEFAULT_FOLDER, *, as_json: AsJson = False) -> None:
    """Check this machine and the running stack. Exit code 1 if anything fails."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its findings are ours to word
    findings = list(_findings(folder))
    fit = all(finding.verdict != "fail" for finding in findings)
    if as_json:
        print_json({"ok": fit, "checks": [finding._asdict() for finding in findings]})
    else:
        for finding in findings:
            _print(finding)
    if not fit:
        raise typer.Exit(FOUND_WRONG)


def _findings(folder: Path) -> Iterator[Finding]:
    settings, stack = Settings.from_environment(), state(folder)
    yield checks.python()
    yield checks.java(settings)
    yield checks.cache(settings)
    yield checks.disk(folder)
    yield checks.stack_state(folder, stack)
    yield checks.ports(settings, stack)
    up = stack if stack is not None and stack.status == "ready" else None
    for answer in (
        checks.postgres(up.urls["database"] if up else settings.database_url),
        checks.kafka(up.urls["kafka"] if up else settings.kafka_bootstrap),
    ):
        if answer is not None:
            yield answer
    yield from checks.services(stack)


def _print(finding: Finding) -> None:
    out.print(f"{MARKS[finding.verdict]} {finding.check:<17}", end="")
    out.print(finding.detail, markup=False, soft_wrap=True)
    if finding.next_step:
        out.print(f"{'':<22}→ {finding.next_step}", markup=False, soft_wrap=True)
