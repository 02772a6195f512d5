"""`nsw inspection audit`: recompute a dossier's random checks from what is public; did the window keep its word?

It asks intake for what the business was told and routing for the day's seed, as anybody may; it knows no secret.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, NamedTuple

import typer
from nsw_routing.draws import VIET_NAM, NotTheSeed, audit

from nsw_cli.access import intake_as
from nsw_cli.dossier import fetch
from nsw_cli.errors import FOUND_WRONG, CommandError
from nsw_cli.http import get_json
from nsw_cli.local import running
from nsw_cli.options import DEFAULT_FOLDER, AsJson, Folder, IntakeUrl, Token
from nsw_cli.output import print_json, print_table, say
from nsw_cli.system import BROKER

app = typer.Typer(no_args_is_help=True, help="How goods are inspected.")

DECIDED: Final = "inspection-decided"
SPARED: Final = frozenset({"reduced", "exempt"})

Verdict = Literal["kept", "broken", "not yet"]


class Day(NamedTuple):
    """What routing shows of one day's random check; `seed` is None until the day is over."""

    day: str
    commitment: str
    seed: str | None
    revealed_at: str


class Judged(NamedTuple):
    """One line: what the business was told of it, what the sums say, and so whether the window kept its word."""

    line: int
    hs_code: str
    mode: str
    drawn: bool
    recomputed: bool | None
    verdict: Verdict
    because: str


@app.callback()
def inspection() -> None:
    """How goods are inspected."""


@app.command("audit")
def audit_command(
    number: Annotated[str, typer.Argument(help="The dossier's number, twelve digits.")],
    folder: Folder = DEFAULT_FOLDER,
    intake: IntakeUrl = None,
    token: Token = None,
    routing: Annotated[
        str | None,
        typer.Option(
            "--routing-url", envvar="NSW_ROUTING_URL", help="Routing's base URL.  [default: the local stack's]",
            show_default=False,
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Check the random checks of a dossier's goods, line by line. Exit code 1 if the window did not keep its word."""
    found = fetch(number, *intake_as(BROKER, folder, intake, token))
    decided = [entry for entry in found["timeline"] if entry.get("type") == DECIDED]
    audited = []
    taken: set[str] = set()  # goods that an earlier draw of this dossier took
    for entry in decided:
        shown = day(routing or running(folder).urls["routing"], entry["day"])
        version, percent = share(found, entry)
        lines = judge(number, entry, shown, percent, taken)
        taken |= {line["hs_code"] for line in entry["lines"] if line["drawn"]}
        audited.append(
            {
                **shown._asdict(), "committed": entry["commitment"], "procedure": found["procedure"],
                "pack_version": version, "percent": percent, "verdict": worst(line.verdict for line in lines),
                "lines": [line._asdict() for line in lines],
            }
        )  # fmt: skip
    verdict = worst(one["verdict"] for one in audited) if audited else None
    if as_json:
        print_json({"number": number, "verdict": verdict, "decisions": audited})
    else:
        _print(number, audited)
    if verdict == "broken":
        raise typer.Exit(FOUND_WRONG)


def day(routing: str, wanted: str) -> Day:
    """What routing shows of a day.

    Raises:
        CommandError: routing does not know the day, or does not answer.
    """
    answer = get_json(f"{routing.rstrip('/')}/v1/inspection-days/{wanted}")
    if answer.status != HTTPStatus.OK:
        raise CommandError(f"routing answered for the day {wanted} {answer.says()}")
    return Day(**{name: answer.body.get(name) for name in Day._fields})


def share(found: Mapping[str, Any], entry: Mapping[str, Any]) -> tuple[str, float]:
    """The pack version that the goods were judged by, and the percentage that its random check takes.

    Raises:
        CommandError: this release does not have the pack.
    """
    from nsw_procedures.calendar import local_day  # noqa: PLC0415  # slow import
    from nsw_procedures.packs import packs  # noqa: PLC0415  # slow import

    code = found["procedure"]
    version = entry.get("pack_version") or found.get("pack_version")
    pack = (
        packs().version(code, version)
        if version
        else packs().in_force(code, local_day(datetime.fromisoformat(found["submitted_at"])))
    )
    if pack is None or pack.inspection is None:
        raise CommandError(
            f"this release has no inspection policy for {code} {version or ''}: use the release that has, "
            "see `nsw procedure list`"
        )
    return pack.version, pack.inspection.random_percent


def judge(
    number: str, entry: Mapping[str, Any], shown: Day, percent: float, taken: Collection[str] = ()
) -> list[Judged]:
    """Judge each line of one `inspection-decided` entry by what routing shows of its day.

    Goods that an earlier draw of the dossier took (`taken`, HS codes) stay taken when the business changes it.
    """
    return [_judge(number, line, entry["commitment"], shown, percent, taken) for line in entry["lines"]]


def _judge(
    number: str, line: Mapping[str, Any], committed: str, shown: Day, percent: float, taken: Collection[str]
) -> Judged:
    recomputed: bool | None = None
    verdict: Verdict
    if shown.commitment != committed:
        verdict, because = "broken", "routing now gives another commitment for the day than the dossier has"
    elif line["mode"] not in SPARED:
        recomputed = False
        because = "inspected in any case: the random check takes lines that are reduced or exempt"
        verdict = "broken" if line["drawn"] else "kept"
    elif line["drawn"] and line["hs_code"] in taken:
        verdict, because = "kept", "taken before the dossier was changed, and taken still"
    elif shown.seed is None:
        verdict, because = "not yet", f"the seed is shown from {_time(shown.revealed_at)} on"
    else:
        recomputed, because = _recompute(shown.seed, committed, number, line["line"], percent)
        verdict = "kept" if recomputed == line["drawn"] else "broken"
    return Judged(line["line"], line["hs_code"], line["mode"], line["drawn"], recomputed, verdict, because)


def _recompute(seed: str, committed: str, number: str, line: int, percent: float) -> tuple[bool | None, str]:
    try:
        taken = audit(seed, committed, number, line, percent)
    except NotTheSeed as error:
        return None, str(error)
    return taken, f"by the sums the random check {'takes' if taken else 'does not take'} it"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict for several: broken before not yet before kept."""
    found = set(verdicts)
    return "broken" if "broken" in found else "not yet" if "not yet" in found else "kept"


def _print(number: str, audited: list[dict[str, Any]]) -> None:
    if not audited:
        say(f"Dossier {number} has no goods whose inspection was decided here: nothing to audit.")
    for one in audited:
        say(f"[bold]Dossier {number}, random check of {one['day']}[/], share {one['percent']:g} %: {_word(one)}\n")
        print_table(
            ("#line", "HS code", "mode", "drawn", "by the sums", "verdict", "~because"),
            (
                (line["line"], line["hs_code"], line["mode"], line["drawn"], line["recomputed"], line["verdict"],
                 line["because"])
                for line in one["lines"]
            ),
        )  # fmt: skip


def _word(one: Mapping[str, Any]) -> str:
    if one["verdict"] == "kept":
        return "the window kept its word."
    if one["verdict"] == "broken":
        return f"the window did NOT keep its word. Keep this output and the commitment {one['committed']}."
    return f"cannot be said yet. Come back after {_time(one['revealed_at'])}: the seed is public then."


def _time(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(VIET_NAM):%H:%M on %Y-%m-%d} in Viet Nam"
