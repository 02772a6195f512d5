"""Judges a dossier by its procedure's pack: what a business filed against what the procedure asks for.

Everything that is wrong is named at once, by JSON pointer into the dossier, with what to do about it.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from nsw_contracts.events import DossierContent
from nsw_contracts.number import NUMBER_LENGTH

from nsw_procedures.pack import Pack, Stage
from nsw_procedures.packs import packs
from nsw_procedures.tax_code import is_tax_code
from nsw_procedures.vnsw.plan import dossier_messages, outgoing
from nsw_procedures.vnsw.telling import Untold, told

MB: Final = 1_000_000

_STAGE_SAYS: Final[dict[Stage | None, str]] = {
    None: "is not agreed yet",
    "agreeing": "is being agreed between the ministries and takes no dossiers yet",
    "testing": "is under test and takes no dossiers yet",
    "connected": "is connected and about to be launched; it takes no dossiers yet",
    "retired": "is retired and takes no new dossiers",
}


class Fault(NamedTuple):
    """One thing wrong with a dossier: the JSON pointer of the field, and what to do."""

    pointer: str
    says: str


def pack_for(code: str, on: date) -> Pack | Fault:
    """The pack that judges a dossier filed on a local day, or why none does."""
    pack = packs().in_force(code, on)
    if pack is None:
        if code in packs():
            return Fault("/procedure", f"{code} is in force from {packs().versions(code)[0].effective_from} on")
        return Fault("/procedure", "no procedure of the window has this code; see GET /v1/procedures")
    stage = pack.life.stage(on)
    if stage != "live":
        live = f"; live from {pack.life.live} on" if pack.life.live is not None and pack.life.live > on else ""
        return Fault("/procedure", f"{code} {_STAGE_SAYS[stage]}{live}")
    return pack


def faults(pack: Pack, content: DossierContent) -> list[Fault]:
    """All that is wrong with this dossier by its pack; empty: it may be taken in."""
    return [
        *_declarant(pack, content),
        *_consignment(pack, content),
        *(Fault(f"/form{pointer}", says) for pointer, says in pack.form_errors(content.form)),
        *_documents(pack, content),
    ] or list(_untellable(pack, content))


def _declarant(pack: Pack, content: DossierContent) -> Iterator[Fault]:
    tax_code = content.declarant.tax_code
    if not is_tax_code(tax_code):
        yield Fault("/declarant/tax_code", "the check digit (the tenth digit) is wrong")
    kind = "branch" if "-" in tax_code else "business"
    if kind not in pack.who_may_file.kinds:
        yield Fault("/declarant/tax_code", f"a {kind} may not file this procedure; a {pack.who_may_file.kinds[0]} may")


def _consignment(pack: Pack, content: DossierContent) -> Iterator[Fault]:
    consignment = content.consignment
    if consignment.direction not in pack.directions:
        yield Fault("/consignment/direction", f"this procedure is about {' or '.join(pack.directions)}")
    rule = pack.goods
    if rule.lines == "required" and not consignment.goods:
        yield Fault("/consignment/goods", "name at least one line of goods")
    if rule.lines == "none" and consignment.goods:
        yield Fault("/consignment/goods", "this procedure is not about goods; leave them out")
    if rule.hs:
        for index, line in enumerate(consignment.goods):
            if not line.hs_code.startswith(rule.hs):
                wanted = ", ".join(rule.hs)
                yield Fault(
                    f"/consignment/goods/{index}/hs_code",
                    f"{line.hs_code} is not among this procedure's goods: HS {wanted}",
                )


def _untellable(pack: Pack, content: DossierContent) -> Iterator[Fault]:
    """What a message of the ministry's own has no room for: a dossier that nobody can deliver is not taken in."""
    messages = dossier_messages(pack)
    if not messages:
        return
    beside = {"number": "0" * NUMBER_LENGTH, "reason": "-", "filed_at": "2000-01-01 00:00:00"}  # known later
    data = content.model_dump(mode="json") | beside
    for message in messages:
        try:
            told(outgoing(pack, message), data)
        except Untold as error:
            for fault in error.faults:
                yield Fault(error.pointers.get(fault.path, ""), f"{fault.says} (element {fault.path} of its agency)")
            return


def _documents(pack: Pack, content: DossierContent) -> Iterator[Fault]:
    there = {document.kind for document in content.documents}
    for rule in pack.documents:
        if rule.required and rule.kind not in there:
            yield Fault("/documents", f"a document of kind {rule.kind} is missing ({rule.names.en} / {rule.names.vi})")
    by_kind = {rule.kind: rule for rule in pack.documents}
    for index, document in enumerate(content.documents):
        rule_of = by_kind.get(document.kind)
        if rule_of is None:
            continue  # more than is asked for does no harm
        if document.media_type not in rule_of.media_types:
            wanted = ", ".join(rule_of.media_types)
            yield Fault(f"/documents/{index}/media_type", f"a {document.kind} is {wanted}")
        if document.size > rule_of.largest_mb * MB:
            yield Fault(f"/documents/{index}/size", f"a {document.kind} has at most {rule_of.largest_mb} MB")
