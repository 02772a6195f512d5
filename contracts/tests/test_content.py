"""A content's bytes travel on unchanged, and a spliced fact is the fact the model would write."""

from datetime import UTC, datetime

from nsw_contracts.content import content_of, with_content
from nsw_contracts.events import DossierContent, Routed, RoutedHead, Submitted, SubmittedHead

CONTENT = DossierContent.model_validate(
    {
        "procedure": "BYTE0500009",
        "declarant": {"tax_code": "0101234563", "name": 'Công ty ","content":{} TNHH'},
        "consignment": {
            "direction": "import",
            "border_gate": "Cát Lái",
            "partner_country": "AU",
            "goods": [
                {
                    "line": 1,
                    "hs_code": "020130",
                    "description": "beef",
                    "origin_country": "AU",
                    "quantity": "1.5",
                    "unit": "KGM",
                }
            ],
        },
        "contact": {"name": "A"},
    }
)
AT = datetime(2026, 1, 2, tzinfo=UTC)


def test_a_spliced_fact_is_what_the_model_writes():
    head = {"number": "260000000017", "submitted_at": AT, "content_sha256": "0" * 64}
    head["idempotency_key"] = '","content":{'
    whole = Submitted(content=CONTENT, **head).model_dump_json().encode()
    content = CONTENT.model_dump_json().encode()
    assert with_content(SubmittedHead(**head).model_dump_json().encode(), content) == whole
    assert content_of(whole) == content


def test_routing_hands_the_same_bytes_on():
    head = {"number": "260000000017", "agency": "BYTE", "role": "lead", "pack_version": "1", "routed_at": AT}
    whole = Routed(content=CONTENT, **head).model_dump_json().encode()
    assert with_content(RoutedHead(**head).model_dump_json().encode(), content_of(whole)) == whole
