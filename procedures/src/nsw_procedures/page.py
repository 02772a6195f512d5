"""One procedure's page: its last version in full, and what each version changed. Made of the packs alone, no clock."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from nsw_procedures.calendar import term_text
from nsw_procedures.catalogue import agencies
from nsw_procedures.compare import Difference, differences
from nsw_procedures.example import example_content
from nsw_procedures.form_fields import form_fields
from nsw_procedures.inspection_policy import MODES, InspectionPolicy
from nsw_procedures.pack import STAGES, Example, Pack
from nsw_procedures.pack_json import whole

HEAD: Final = "<!-- Written by `make procedures` from the packs; change the pack, not this page. -->"
_LINES: Final = {"required": "at least one line of goods", "optional": "goods may be named", "none": "no goods"}
_SHOWN: Final = 120  # characters of a value that changed


def page(versions: Sequence[Pack]) -> str:
    """The page of one procedure, as Markdown; `versions` are the oldest first, at least one."""
    pack = versions[-1]
    parts: list[Iterable[str]] = [
        _head(pack), _basis(pack), _goods(pack), _form(pack), _documents(pack), _deadlines(pack), _fees(pack),
        _inspection(pack), _messages(pack), _versions(versions),
        *(_example(pack, example) for example in pack.examples),
    ]  # fmt: skip
    return "\n".join([HEAD, *(line for part in parts for line in part)]).rstrip("\n") + "\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A Markdown table and the empty line after it; nothing where there are no rows. A column `` `name`` holds code."""
    code = [column.startswith("`") for column in columns]
    lines = [
        f"| {' | '.join(f'`{value}`' if is_code and value else cell(value) for is_code, value in pairs)} |"
        for pairs in (zip(code, row, strict=True) for row in rows)
    ]
    if lines:
        yield f"| {' | '.join(column.removeprefix('`') for column in columns)} |"
        yield f"| {' | '.join('---' for _ in columns)} |"
        yield from lines
        yield ""


def cell(value: object) -> str:
    """A value within a table: one line, no bar and no markup of its own."""
    text = " ".join(str(value).split())
    for sign in "\\|<*_`":
        text = text.replace(sign, f"\\{sign}")
    return text


def agency(code: str) -> str:
    """An agency's names and code."""
    known = agencies().get(code)
    return f"{known.name_en} / {known.name_vi} ({code})" if known is not None else code


def _head(pack: Pack) -> Iterator[str]:
    yield f"# {pack.code}: {cell(pack.names.en)}"
    yield ""
    yield f"**{cell(pack.names.vi)}**"
    yield ""
    if pack.placeholder:
        yield "> A placeholder: it stands for a real procedure whose code and name are not known."
        yield ""
    if pack.provisional_code:
        yield "> The procedure is real; its code is this project's own until the deployed one is known."
        yield ""
    life = [f"{stage} {day}" for stage in STAGES if (day := getattr(pack.life, stage)) is not None]
    kinds = " or ".join(f"a {kind}" for kind in pack.who_may_file.kinds)
    note = pack.who_may_file.note
    rows = [
        ("Decides", agency(pack.lead_agency)),
        *(("Takes part", agency(code)) for code in pack.coordinating_agencies),
        ("For", ", ".join(pack.directions)),
        ("Who may file", f"{kinds}: {note.en} / {note.vi}" if note is not None else kinds),
        ("Version", f"{pack.version}, effective from {pack.effective_from}"),
        ("Life", ", ".join(life)),
        ("Kept for", f"{pack.retention.years} years ({pack.retention.basis})"),
    ]
    yield from table(("", ""), rows)


def _basis(pack: Pack) -> Iterator[str]:
    yield "## Legal basis"
    yield ""
    yield from table(
        ("Document", "Article", "Holds from", "Until", "Note"),
        ((one.document, one.article, one.holds_from, one.holds_until or "", one.note) for one in pack.legal_basis),
    )


def _goods(pack: Pack) -> Iterator[str]:
    yield "## Goods"
    yield ""
    heads = f" HS codes that begin with {', '.join(pack.goods.hs)}." if pack.goods.hs else ""
    yield f"A dossier: {_LINES[pack.goods.lines]}.{heads}"
    yield ""


def _form(pack: Pack) -> Iterator[str]:
    yield "## Form"
    yield ""
    yield "Beside what every dossier has (declarant, consignment, goods, documents, contact):"
    yield ""
    yield from table(
        ("`Field", "Name", "Tên", "Required", "Takes"),
        ((f.path, f.en, f.vi, "yes" if f.required else "", f.takes) for f in form_fields(pack.form)),
    )


def _documents(pack: Pack) -> Iterator[str]:
    if not pack.documents:
        return
    yield "## Documents"
    yield ""
    yield from table(
        ("`Kind", "Name", "Tên", "Required", "As", "At most", "Final word"),
        (
            (
                rule.kind, rule.names.en, rule.names.vi, "yes" if rule.required else "", ", ".join(rule.media_types),
                f"{rule.largest_mb} MB", rule.final_word or pack.lead_agency,
            )
            for rule in pack.documents
        ),
    )  # fmt: skip


def _deadlines(pack: Pack) -> Iterator[str]:
    yield "## Deadlines"
    yield ""
    yield from table(
        ("Agency", "To accept, refuse or ask", "From acceptance to its result"),
        (
            (code, term_text(pack.deadlines.of(code).acceptance), term_text(pack.deadlines.of(code).decision))
            for code in pack.agencies
        ),
    )
    yield f"The agency is warned {term_text(pack.deadlines.warning)} before. Asked for something, the declarant has"
    yield f"{term_text(pack.deadlines.answer)} to answer; the agencies' time stands still until then."
    if pack.four_eyes:
        yield f"A second officer agrees before the agency says: {', '.join(pack.four_eyes)}."
    yield ""


def _fees(pack: Pack) -> Iterator[str]:
    if not pack.fees:
        return
    yield "## Fees"
    yield ""
    yield from table(
        ("`Fee", "Name", "Tên", "Amount", "For each", "Basis"),
        (
            (fee.code, fee.names.en, fee.names.vi, f"{fee.amount:,} {fee.currency}", fee.per, fee.basis)
            for fee in pack.fees
        ),
    )


def _inspection(pack: Pack) -> Iterator[str]:
    if pack.inspection is None:
        return
    yield "## Inspection"
    yield ""
    yield from (f"- {sentence}" for sentence in inspection_sentences(pack.inspection))
    yield ""


def inspection_sentences(policy: InspectionPolicy) -> Iterator[str]:
    """The policy in words, one sentence each."""
    same = [*policy.goods, *(f"form {field}" for field in policy.form_fields)]
    yield f"Policy {policy.name}: goods are the same where {', '.join(same)} are; who imports them does not matter."
    yield f"Goods nobody has seen yet: {policy.start}."
    for mode, after in pairwise(MODES):
        passes = {str(name): number for name, number in policy.passes.items()}.get(mode)
        if passes is not None:
            yield f"{passes} passes in a row lead from {mode} to {after}."
    if "reduced" in policy.passes:
        yield f"Exemption holds {policy.exempt_months} months, then inspection is reduced again."
    yield f"After a failure: {policy.after_failure}."
    yield f"Of goods that would be spared, {policy.random_percent:g} % are drawn at random and inspected all the same."
    if policy.basis:
        yield f"Basis: {policy.basis}"


def _messages(pack: Pack) -> Iterator[str]:
    messages = pack.messages
    if messages.protocol == "canonical" and not (messages.statuses or messages.outgoing or messages.incoming):
        return
    yield "## Messages"
    yield ""
    yield f"Protocol: {messages.protocol}."
    yield ""
    yield from table(
        ("`Type", "`Function", "`The agency is told", "`Content"),
        ((one.type, one.function, one.tells, one.content) for one in messages.outgoing),
    )
    yield from table(
        ("`Type", "`Function", "`The agency says", "`Outcome", "`Content"),
        ((one.type, one.function, one.means, one.outcome or "", one.content) for one in messages.incoming),
    )
    yield from table(("`Status code", "`Status"), messages.statuses.items())


def _versions(versions: Sequence[Pack]) -> Iterator[str]:
    yield "## Versions"
    yield ""
    yield from table(("Version", "Effective from"), ((one.version, one.effective_from) for one in versions))
    for old, new in pairwise(versions):
        yield f"What {new.version} changes:"
        yield ""
        for one in differences(whole(old), whole(new)):
            if one.path not in ("version", "effective_from"):
                yield f"- {cell(one.path)}: {cell(said(one))}"
        yield ""


def said(one: Difference) -> str:
    """A difference in one line."""
    if one.change == "changed":
        return f"{_short(one.old)} → {_short(one.new)}"
    return f"{one.change} {_short(one.old if one.change == 'removed' else one.new)}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _example(pack: Pack, example: Example) -> Iterator[str]:
    yield f"## Example: {cell(example.name.en)}"
    yield ""
    yield f"{cell(example.name.vi)}. Filed with `POST /v1/dossiers`:"
    yield ""
    yield "```json"
    yield json.dumps(example_content(pack, example).model_dump(mode="json"), ensure_ascii=False, indent=2)
    yield "```"
    yield ""
    yield "Then:"
    yield ""
    yield from (f"{step}. {cell(what)}" for step, what in enumerate(example.story, 1))
    yield ""
    yield f"The dossier ends as `{example.ends}`."
    yield ""
