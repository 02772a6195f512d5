"""The committed document beside the code that makes it.

python -m nsw_intake.openapi --check FILE    exits 1 where the file is not what the code makes
python -m nsw_intake.openapi --write FILE    writes it
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from nsw_intake.openapi.document import openapi

MEND: Final = "make schemas"


def text() -> str:
    """The document as it is committed."""
    return json.dumps(openapi(), indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m nsw_intake.openapi", description="Intake's OpenAPI document.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", type=Path, metavar="FILE", help="exit 1 where FILE is not what the code makes")
    what.add_argument("--write", type=Path, metavar="FILE", help="write FILE")
    chosen = parser.parse_args(arguments)
    made = text()
    if chosen.write is not None:
        chosen.write.write_text(made, encoding="utf-8")
        return 0
    if chosen.check.exists() and chosen.check.read_text(encoding="utf-8") == made:
        return 0
    sys.stderr.write(f"{chosen.check} is behind the models, routes or packs. Mend: `{MEND}`, and commit it.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
