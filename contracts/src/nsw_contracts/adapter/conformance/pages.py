"""A page for each rule, from the rule: `python -m nsw_contracts.adapter.conformance.pages --write|--check FOLDER`."""

import argparse
import re
import sys
from pathlib import Path
from typing import Final

from nsw_contracts.adapter.conformance import cases
from nsw_contracts.adapter.conformance.rules import RULES, Rule
from nsw_contracts.adapter.manifest import QUALITIES

__all__ = ["cases", "pages"]

_NOTE: Final = "<!-- Written from the rule by `make adapter-rules`; change its docstring in nsw_contracts. -->"
_MARKS: Final = {"Why": "Why", "Mend": "Mend it"}
_MARK: Final = re.compile(r"^(Why|Mend): (.)", re.MULTILINE)
_INDEX: Final = f"""\
{_NOTE}
# Rules for adapters

What `nsw adapter check` tries. A level is reached when all applicable rules of it and of the levels below hold; which
rules apply follows from the capabilities that the adapter declares.

- **bronze**: it works.
- **silver**: nothing is lost or doubled when something fails.
- **gold**: nothing and nobody can hurt the window through it.
- **platinum**: it is whole.

| level | rule | applies to |
| --- | --- | --- |
"""


def pages() -> dict[str, str]:
    """The pages by file name."""
    found = {f"{rule.id}.md": _page(rule) for rule in RULES}
    rows = [
        f"| {rule.level} | [{rule.title}]({rule.id}.md) | {rule.needs_text} |"
        for rule in sorted(RULES, key=lambda rule: QUALITIES.index(rule.level))
    ]
    return found | {"README.md": _INDEX + "\n".join(rows) + "\n"}


def _page(rule: Rule) -> str:
    text = _MARK.sub(lambda found: f"**{_MARKS[found[1]]}.** {found[2].upper()}", rule.text)
    return f"""\
{_NOTE}
# {rule.title}

`{rule.id}` · {rule.level} · applies to: {rule.needs_text}

{text}

Try it alone: `pytest -k {rule.id.replace("-", "_")}` in the adapter's project.
"""


def main() -> int:
    """Write the pages, or say which differ."""
    parser = argparse.ArgumentParser(description="The rules' pages.")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--check", type=Path)
    options = parser.parse_args()
    folder: Path = options.write or options.check
    wanted = pages()
    there = {file.name: file.read_text("utf-8") for file in folder.glob("*.md")} if folder.is_dir() else {}
    if options.write:
        folder.mkdir(parents=True, exist_ok=True)
        for name in there.keys() - wanted.keys():
            (folder / name).unlink()
        for name, text in wanted.items():
            (folder / name).write_text(text, "utf-8")
        return 0
    for name in sorted(there.keys() | wanted.keys()):
        if there.get(name) != wanted.get(name):
            sys.stderr.write(f"{folder / name} is not as the rules say: run `make adapter-rules`\n")
    return int(there != wanted)


if __name__ == "__main__":
    sys.exit(main())
