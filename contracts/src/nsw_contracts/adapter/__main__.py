"""`python -m nsw_contracts.adapter new|check`: the kit where nothing but nsw-contracts is installed."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from nsw_contracts.adapter.conformance.check import Report, check, without_rig
from nsw_contracts.adapter.conformance.rig import has_rig, rig_of
from nsw_contracts.adapter.discovery import load, names
from nsw_contracts.adapter.errors import AdapterError
from nsw_contracts.adapter.project import in_folder, make_project


def reports(wanted: Sequence[str]) -> Iterator[Report]:
    """Check these adapters, by name or by their projects' folders; of none named, all installed ones.

    Raises:
        BadAdapter: one of them is not there, or cannot be used.
    """
    for one in wanted or names():
        if one == "." or "/" in one or Path(one, "pyproject.toml").is_file():
            for found in in_folder(Path(one)):
                yield check(found.rig)
        else:
            adapter = load(one)
            yield check(rig_of(one)) if has_rig(one) else without_rig(adapter)


def text_of(report: Report) -> str:
    """A report as lines of text."""
    lines = [
        f"{'ok ' if one.outcome == 'passed' else 'NO ' if one.outcome == 'failed' else '-  '} {one.rule.level:9}"
        f" {one.rule.id:32} {one.says or one.rule.title}"
        for one in report.results
    ]
    end = f"{report.name}: {report.quality} ({report.passed} rules hold, {report.failed} are broken)"
    return "\n".join([*lines, end])


def main() -> int:
    """Run it; 1 where a rule is broken, 2 where nothing could be tried."""
    parser = argparse.ArgumentParser(
        prog="python -m nsw_contracts.adapter", description="Adapters: begin one, check it."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("new", help="write a project that passes at once")
    new.add_argument("name")
    new.add_argument("--agency", required=True, help="the agency's code, such as BYTE")
    new.add_argument("--out", type=Path, default=None, help="the folder to make; default: the name")
    checking = commands.add_parser("check", help="try every rule")
    checking.add_argument("adapters", nargs="*", help="names of installed adapters, or folders; default: all installed")
    checking.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        if options.command == "new":
            make_project(options.out or Path(options.name), options.name, options.agency)
            return 0
        done = list(reports(options.adapters))
    except AdapterError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    if options.json:
        sys.stdout.write(json.dumps([report.as_json() for report in done], ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write("\n\n".join(map(text_of, done)) + "\n")
    return int(any(report.failed for report in done))


if __name__ == "__main__":
    sys.exit(main())
