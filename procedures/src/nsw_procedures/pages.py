"""The published rules: a page for each procedure and an index by agency, made of this package's own packs.

The pages are committed (docs/procedures); the same packs always make the same pages, whatever the day.

    python -m nsw_procedures.pages --check DIR    lists every page that differs; exits 1 if there is one
    python -m nsw_procedures.pages --write DIR    writes what differs, and removes pages of procedures that are gone
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from nsw_procedures.catalogue import agencies
from nsw_procedures.pack import Pack
from nsw_procedures.pack_file import PackError, read_pack
from nsw_procedures.packs import Packs
from nsw_procedures.page import HEAD, page, table

OWN_PACKS: Final = Path(__file__).parent / "packs"
INDEX: Final = "README.md"
MEND: Final = "make procedures"


def pages(packs: Packs) -> dict[str, str]:
    """File names and texts of all pages: `README.md`, and `<CODE>.md` for each procedure."""
    return {INDEX: _index(packs), **{f"{code}.md": page(packs.versions(code)) for code in packs}}


def drift(made: Mapping[str, str], folder: Path) -> dict[str, str | None]:
    """The pages in `folder` that are not as made: what each should be, None where it should not be there."""
    gone = {path.name: None for path in sorted(folder.glob("*.md")) if path.name not in made}
    return {
        name: text
        for name, text in made.items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    } | gone


def _index(packs: Packs) -> str:
    last = [packs.versions(code)[-1] for code in packs]
    lines = [HEAD, "# Procedures", "", *_contents(last)]
    for agency in agencies().values():
        led = [pack for pack in last if pack.lead_agency == agency.code]
        real = [pack for pack in led if not pack.placeholder]
        lines += [f"## {agency.name_en} / {agency.name_vi} ({agency.code})", ""]
        lines += table(("Code", "Name", "Tên", "With", "Live from"), (_row(pack) for pack in real))
        stand_ins = [f"[{pack.code}]({pack.code}.md)" for pack in led if pack.placeholder]
        if stand_ins:
            lines += [f"Placeholders: {', '.join(stand_ins)}", ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _contents(last: list[Pack]) -> Iterator[str]:
    stand_ins = sum(pack.placeholder for pack in last)
    yield f"{len(last)} procedures, of which {stand_ins} are placeholders: they stand for real ones whose code and name"
    yield "are not known. To be searched: `nsw procedure list`, and `GET /v1/procedures`."
    yield ""
    yield "Where a pack's file says `assumed` in a comment, what stands there is this project's own assumption, not the"
    yield "law's word; the comments are not repeated on these pages."
    yield ""


def _row(pack: Pack) -> tuple[object, ...]:
    link = f"[{pack.code}]({pack.code}.md)"
    return link, pack.names.en, pack.names.vi, ", ".join(pack.coordinating_agencies), pack.life.live or "–"


def write(folder: Path, made: Mapping[str, str]) -> int:
    """Write what differs; 0."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in drift(made, folder).items():
        if text is None:
            (folder / name).unlink()
        else:
            (folder / name).write_text(text, encoding="utf-8")
        print(f"{'removed' if text is None else 'wrote'} {folder / name}")
    return 0


def check(folder: Path, made: Mapping[str, str]) -> int:
    """Print every page that differs, and what mends it; 0 when none does, else 1."""
    differs = drift(made, folder)
    for name, text in differs.items():
        there = (folder / name).exists()
        why = "belongs to no procedure" if text is None else "differs from its pack" if there else "is missing"
        print(f"{folder / name} {why}", file=sys.stderr)
    if differs:
        print(f"The pages are behind the packs. Mend: `{MEND}`, and commit what it writes.", file=sys.stderr)
    return 1 if differs else 0


def main(arguments: list[str] | None = None) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m nsw_procedures.pages", description="The procedures' pages.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", type=Path, metavar="DIR", help="list the pages that differ; exit 1 if one does")
    what.add_argument("--write", type=Path, metavar="DIR", help="write the pages that differ")
    chosen = parser.parse_args(arguments)
    try:
        made = pages(Packs((str(file), read_pack(file)) for file in sorted(OWN_PACKS.rglob("*.yaml"))))
    except PackError as error:
        print(error, file=sys.stderr)
        return 1
    return check(chosen.check, made) if chosen.check else write(chosen.write, made)


if __name__ == "__main__":
    sys.exit(main())
