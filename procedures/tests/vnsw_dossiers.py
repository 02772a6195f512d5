"""Dossiers of the aquatic quarantine, generated: whatever its message can carry, and its pack takes."""

from datetime import date
from typing import Any

from hypothesis import strategies as st
from nsw_contracts.events import DossierContent
from nsw_procedures.example import BUSINESS
from nsw_procedures.pack import Pack
from nsw_procedures.packs import packs

AQUATIC = "BNNPTNT0600009"
TODAY = date(2026, 3, 2)

# XML carries every character but some controls; a text that is not blank has a letter in it.
_CHARACTERS = st.characters(
    blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffe\uffff", whitelist_characters="\t\n\r"
) | st.sampled_from("ếữđ&<>\"'];( HS")


def pack() -> Pack:
    found = packs().in_force(AQUATIC, TODAY)
    assert found is not None
    return found


def words(most: int) -> st.SearchStrategy[str]:
    return st.builds(
        lambda before, letter, after: f"{before}{letter}{after}",
        st.text(_CHARACTERS, max_size=min(most // 2, 12)),
        st.sampled_from("aếĐ9"),
        st.text(_CHARACTERS, max_size=min(most // 2, 12)),
    )


def maybe(name: str, value: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.just({}) | st.builds(lambda found: {name: found}, value)


def joined(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda *found: {key: value for part in found for key, value in part.items()}, *parts)


days = st.dates(date(1900, 1, 1), date(2999, 12, 31)).map(date.isoformat)
quantities = st.decimals("0.001", "999999999999", places=3).map(str) | st.integers(1, 10**12 - 1).map(str)
hs_codes = st.sampled_from(["030632", "03061700", "0511910000", "030119"])


@st.composite
def dossiers(draw: st.DrawFn) -> DossierContent:
    """A dossier whose XML carries all of it: no field of the form that has no element, the partner its first origin."""
    lines = draw(st.lists(st.integers(1, 999), min_size=1, max_size=4, unique=True))
    goods = [
        {
            "line": line,
            "hs_code": draw(hs_codes),
            "description": draw(words(150)),
            "origin_country": draw(st.sampled_from(["CA", "NO", "IN", "VN"])),
            "quantity": draw(quantities),
            "unit": draw(st.sampled_from(["KGM", "C62", "ZZ9"])),
        }
        for line in lines
    ]
    products = [
        {"line": line} | draw(maybe("science_name", words(255) | st.just(""))) | {"size_or_type": draw(words(40))}
        for line in lines
    ]
    places = st.lists(joined(maybe("name", words(255)), maybe("address", words(255))), max_size=3)
    firms = st.builds(lambda name, address: {"name": name, "address": address}, words(255), words(255))
    processors = joined(firms, maybe("approval_number", words(50)))
    before = draw(maybe("importer_fax", words(50) | st.just("")))
    form = before | {"product_type": draw(st.integers(0, 32767)), "products": products}
    form |= draw(maybe("exporters", st.lists(firms, max_size=3)))
    form |= draw(maybe("processors", st.lists(processors, max_size=3)))
    form |= {"import_purpose": draw(words(500))}
    form |= draw(maybe("related_documents", words(255) | st.just("")))
    form |= draw(maybe("quarantine_places", places))
    form |= {"quarantine_from": draw(days), "quarantine_until": draw(days)}
    form |= {"signed_at": draw(words(250)), "signed_on": draw(days), "signer_position": draw(words(250))}
    documents = [
        {
            "sha256": draw(st.text("0123456789abcdef", min_size=64, max_size=64)),
            "name": draw(words(255)),
            "media_type": "application/pdf",
            "size": draw(st.integers(1, 20_000_000)),
            "kind": kind,
        }
        for kind in [
            "health-certificate",
            "invoice",
            *draw(st.lists(st.sampled_from(["x", "bill-of-lading"]), max_size=2)),
        ]
    ]
    return DossierContent.model_validate(
        {
            "procedure": AQUATIC,
            "declarant": {"tax_code": BUSINESS.tax_code, "name": draw(words(200))},
            "consignment": {
                "direction": "import",
                "border_gate": draw(words(500)),
                "partner_country": goods[0]["origin_country"],
                "goods": goods,
            },
            "form": form,
            "documents": documents,
            "contact": {
                "name": draw(words(250)), "phone": draw(words(50)), "email": draw(words(250)),
                "address": draw(words(250)),
            },
        }
    )  # fmt: skip
