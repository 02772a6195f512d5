"""Dossiers and deliveries as the kit sends them. Everything in them is invented; the same call gives the same bytes."""

from hashlib import sha256
from typing import Any, Final

from nsw_contracts.adapter.conformance.orders import AT
from nsw_contracts.adapter.messages import Delivery
from nsw_contracts.content import with_content
from nsw_contracts.events import (
    Consignment,
    Contact,
    Declarant,
    DossierContent,
    ForwardedHead,
    Goods,
    RoutedHead,
)
from nsw_contracts.number import dossier_number

NAME: Final = "Công ty TNHH Ẩm thực & «Đặc sản» <Huế> 'Ắng' \"Ỹ\" 鱼 🚢"
"""A business's name that no encoding but UTF-8 and no careless escaping survives."""

GOODS_LINES: Final = 200
LONGEST_TEXT: Final = 500


def plain_dossier(agency: str) -> DossierContent:
    """A small dossier of a procedure of the agency's that does not exist."""
    return DossierContent(
        procedure=f"{agency}0000001",
        declarant=Declarant(tax_code="9000000013", name="Công ty Thử"),
        consignment=Consignment(
            direction="import",
            border_gate="Cảng Cát Lái",
            partner_country="TH",
            goods=(_goods(1, "Cá tra đông lạnh"),),
        ),
        form={"purpose": "Thử"},
        contact=Contact(name="Nguyễn Văn Thử", phone="024 0000 0000", email="thu@example.com", address="Hà Nội"),
    )


def named(content: DossierContent, name: str) -> DossierContent:
    """The same dossier, filed by a business of this name."""
    return content.model_copy(update={"declarant": content.declarant.model_copy(update={"name": name})})


def oversized(content: DossierContent) -> DossierContent:
    """The same dossier with as many lines of goods as may be, each described at the greatest length."""
    goods = tuple(_goods(line, f"{line:03d} " + "Cá ngừ đại dương " * 29) for line in range(1, GOODS_LINES + 1))
    return content.model_copy(update={"consignment": content.consignment.model_copy(update={"goods": goods})})


def number(which: int) -> str:
    """A dossier number with its check digit."""
    return dossier_number(2026, which)


def delivery(
    agency: str, content: DossierContent, which: int, *, tries: int = 0, message: int | None = None
) -> Delivery:
    """A new dossier on its way to the agency. `message`: which message it is, where not the dossier's first."""
    head = RoutedHead(number=number(which), agency=agency, role="lead", pack_version="2026.1", routed_at=AT)
    return _delivery(head, content.model_dump_json().encode(), which if message is None else message, tries)


def news(agency: str, what: str, which: int, content: DossierContent | None = None, **fields: Any) -> Delivery:
    """What happened to a dossier that the agency has."""
    head = ForwardedHead.model_validate(
        {
            "number": number(which),
            "agency": agency,
            "role": "lead",
            "pack_version": "2026.1",
            "routed_at": AT,
            "what": what,
        }
        | fields
    )
    return _delivery(head, None if content is None else content.model_dump_json().encode(), 1000 + which, 0, what)


def _delivery(
    head: RoutedHead | ForwardedHead, content: bytes | None, message: int, tries: int, what: str = ""
) -> Delivery:
    raw = head.model_dump_json(exclude_defaults=True).encode()
    return Delivery(
        message_id=sha256(f"{message} {head.number} {what}".encode()).hexdigest()[:32],
        agency=head.agency,
        number=head.number,
        raw=raw if content is None else with_content(raw, content),
        tries=tries,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )


def _goods(line: int, description: str) -> Goods:
    return Goods(
        line=line,
        hs_code="03046200",
        description=description[:LONGEST_TEXT],
        origin_country="TH",
        quantity="1200.5",
        unit="KGM",
    )
