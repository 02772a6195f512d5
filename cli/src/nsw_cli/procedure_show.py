"""`nsw procedure show`: one procedure for people, everything its pack says."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from nsw_contracts.sentences import Language
from rich.markup import escape

from nsw_cli.options import AsJson
from nsw_cli.output import print_json, print_table, say
from nsw_cli.procedure_packs import Code, Day, day, known, version_of, versions_of

if TYPE_CHECKING:
    from datetime import date

    from nsw_procedures.pack import Names, Pack


def show(
    code: Code,
    version: Annotated[
        str | None, typer.Option(help="This version.  [default: the one of the day]", show_default=False)
    ] = None,
    on: Day = None,
    lang: Annotated[Language, typer.Option(help="English or Vietnamese names.")] = "en",
    *,
    as_json: AsJson = False,
) -> None:
    """Show one procedure: who decides, what to file, deadlines, fees, messages, examples."""
    from nsw_procedures.pack_json import detail  # noqa: PLC0415  # slow import

    packs, today = known(), day(on)
    versions = versions_of(packs, code)
    pack = packs.on(today)[versions[0].code] if version is None else version_of(versions, version)
    if as_json:
        print_json(detail(pack, versions, today))
        return
    _print_head(pack, versions, today, lang)
    _print_filing(pack, lang)
    _print_deciding(pack, lang)
    _print_examples(pack, lang)


def _print_head(pack: "Pack", versions: "Sequence[Pack]", on: "date", lang: Language) -> None:
    from nsw_procedures.pack import STAGES  # noqa: PLC0415  # slow import

    say(f"[bold]{pack.code}[/] {escape(_in(pack.names, lang))}")
    if pack.placeholder:
        say("A placeholder: it stands for a real procedure whose code and name are not known.")
    if pack.provisional_code:
        say("Its code is this project's own until the deployed one is known.")
    say(f"Version {pack.version}, effective from {pack.effective_from}; {pack.life.stage(on) or 'not begun'} on {on}")
    others = [f"{one.version} from {one.effective_from}" for one in versions if one is not pack]
    if others:
        say(f"Other versions: {', '.join(others)}")
    life = [f"{stage} {reached}" for stage in STAGES if (reached := getattr(pack.life, stage)) is not None]
    say(f"Life: {', '.join(life)}")
    say(f"Decides: {_agency(pack.lead_agency, lang)}")
    for agency in pack.coordinating_agencies:
        say(f"Takes part: {_agency(agency, lang)}")
    say(f"Kept for {pack.retention.years} years: {escape(pack.retention.basis)}")
    basis = ((one.document, one.article, one.holds_from, one.holds_until, one.note) for one in pack.legal_basis)
    _section("Legal basis", ("~document", "article", "holds from", "until", "~note"), basis)


def _print_filing(pack: "Pack", lang: Language) -> None:
    from nsw_procedures.form_fields import form_fields  # noqa: PLC0415  # slow import

    filers = pack.who_may_file
    note = f". {_in(filers.note, lang)}" if filers.note is not None else ""
    say(f"May file: {' or '.join(f'a {kind}' for kind in filers.kinds)}{escape(note)}")
    heads = f"; HS {', '.join(pack.goods.hs)}" if pack.goods.hs else ""
    say(f"For: {', '.join(pack.directions)}; lines of goods: {pack.goods.lines}{heads}\n")
    fields = (
        (one.path, (one.vi or one.en) if lang == "vi" else one.en, "required" if one.required else "", one.takes)
        for one in form_fields(pack.form)
    )
    _section("Form", ("field", "~name", "", "~takes"), fields)
    documents = (
        (
            rule.kind, _in(rule.names, lang), "required" if rule.required else "", ", ".join(rule.media_types),
            f"{rule.largest_mb} MB", rule.final_word or pack.lead_agency,
        )
        for rule in pack.documents
    )  # fmt: skip
    _section("Documents", ("kind", "~name", "", "~as", "at most", "final word"), documents)


def _print_deciding(pack: "Pack", lang: Language) -> None:
    from nsw_procedures.calendar import term_text  # noqa: PLC0415  # slow import
    from nsw_procedures.page import inspection_sentences  # noqa: PLC0415  # slow import

    times = [(agency, pack.deadlines.of(agency)) for agency in pack.agencies]
    _section(
        "Deadlines",
        ("agency", "to accept, refuse or ask", "from there to its result"),
        ((agency, term_text(time.acceptance), term_text(time.decision)) for agency, time in times),
    )
    warning, answer = term_text(pack.deadlines.warning), term_text(pack.deadlines.answer)
    say(f"Warned {warning} before; the declarant has {answer} to answer.\n")
    fees = (
        (fee.code, _in(fee.names, lang), f"{fee.amount:,} {fee.currency}", f"a {fee.per}", fee.basis)
        for fee in pack.fees
    )
    _section("Fees", ("fee", "~name", "amount", "for", "~basis"), fees)
    if pack.inspection is not None:
        say("[bold]Inspection[/]")
        for sentence in inspection_sentences(pack.inspection):
            say(escape(sentence))
        say("")
    messages = pack.messages
    told = ((one.type, one.function, one.tells, one.content) for one in messages.outgoing)
    _section(f"Messages to the agencies ({messages.protocol})", ("type", "function", "tells", "content"), told)
    heard = ((one.type, one.function, one.means, one.outcome, one.content) for one in messages.incoming)
    _section("Messages from the agencies", ("type", "function", "means", "outcome", "content"), heard)
    _section("Status codes", ("code", "status"), messages.statuses.items())


def _print_examples(pack: "Pack", lang: Language) -> None:
    for example in pack.examples:
        say(f"[bold]Example[/] {escape(_in(example.name, lang))}")
        goods = "; ".join(f"{one.hs_code} {one.description}, {one.quantity} {one.unit}" for one in example.goods)
        place = f"{example.direction}, {example.border_gate}, {example.partner_country}"
        say(escape(f"{place}: {goods}" if goods else place))
        say(escape(f"Documents: {', '.join(example.documents) or 'none'}"))
        say(escape(f"Then: {'; '.join(example.story)}. It ends as {example.ends}.\n"))


def _section(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    rows = list(rows)
    if rows:
        say(f"[bold]{title}[/]")
        print_table(columns, rows)


def _in(names: "Names", lang: Language) -> str:
    return names.vi if lang == "vi" else names.en


def _agency(code: str, lang: Language) -> str:
    from nsw_procedures.catalogue import agencies  # noqa: PLC0415  # slow import

    known_as = agencies().get(code)
    if known_as is None:
        return code
    return f"{known_as.name_vi if lang == 'vi' else known_as.name_en} ({code})"
