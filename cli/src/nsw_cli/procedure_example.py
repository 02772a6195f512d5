"""`nsw procedure example`: a dossier of the procedure to begin from, as `nsw submit` takes it."""

from typing import TYPE_CHECKING, Annotated

import typer

from nsw_cli.errors import CommandError
from nsw_cli.output import err, print_json
from nsw_cli.procedure_packs import Code, Day, day, known, versions_of

if TYPE_CHECKING:
    from nsw_procedures.pack import Pack


def example(
    code: Code,
    which: Annotated[int, typer.Option("--which", min=1, help="Which of the procedure's examples.")] = 1,
    on: Day = None,
) -> None:
    """Print an example dossier as JSON, without its documents: put your own declarant and contact in."""
    from nsw_procedures.example import example_content  # noqa: PLC0415  # slow import

    packs, today = known(), day(on)
    pack = packs.on(today)[versions_of(packs, code)[0].code]
    if which > len(pack.examples):
        raise CommandError(f"{pack.code} has {len(pack.examples)} examples. `nsw procedure show {pack.code}` says more")
    content = example_content(pack, pack.examples[which - 1]).model_copy(update={"documents": ()})
    print_json(content.model_dump(mode="json", exclude_defaults=True))
    if needed := _needed(pack):
        err.print(f"It needs documents too: {needed}", soft_wrap=True, markup=False)


def _needed(pack: "Pack") -> str:
    return " ".join(f"--document {rule.kind}=FILE" for rule in pack.documents if rule.required)
