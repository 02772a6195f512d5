"""A content's bytes travel on unchanged, and a spliced fact is the fact the model would write."""

from datetime import UTC, datetime

import pytest
from nsw_contracts.content import content_of, has_content, with_content
from nsw_contracts.events import (
    AmendmentFiled,
    AmendmentFiledHead,
    DossierContent,
    Forwarded,
    ForwardedHead,
    Part,
    Routed,
    RoutedHead,
    Submitted,
    SubmittedHead,
    SupplementFiled,
    SupplementFiledHead,
)

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


TRAP = '","content":{'
"""What a content begins with, where a business or an agency may write what it likes."""
NUMBER = {"number": "260000000017"}
FILED = NUMBER | {"content_sha256": "0" * 64, "idempotency_key": TRAP}
ASKED = FILED | {"declarant": "0101234563", "filed_at": AT}
WORK = NUMBER | {"agency": "BYTE", "role": "lead", "pack_version": "2026.1", "routed_at": AT}
WITH_CONTENT = [
    (Submitted, SubmittedHead, FILED | {"submitted_at": AT}),
    (SupplementFiled, SupplementFiledHead, ASKED | {"note": TRAP}),
    (AmendmentFiled, AmendmentFiledHead, ASKED | {"reason": TRAP}),
    (Routed, RoutedHead, WORK),
    (Forwarded, ForwardedHead, WORK | {"what": "edited", "reason": TRAP}),
]


@pytest.mark.parametrize(("whole", "head", "said"), WITH_CONTENT, ids=lambda part: getattr(part, "__name__", ""))
def test_a_spliced_fact_is_what_the_model_writes(whole: type[Part], head: type[Part], said: dict[str, object]):
    written = whole(content=CONTENT, **said).model_dump_json().encode()
    content = CONTENT.model_dump_json().encode()
    assert with_content(head(**said).model_dump_json().encode(), content) == written
    assert content_of(written) == content
    assert has_content(written)


@pytest.mark.parametrize("model", [Forwarded, ForwardedHead])
def test_news_without_a_dossier_has_none(model: type[Part]):
    assert not has_content(model(**WORK, what="fee-paid", reason=TRAP).model_dump_json().encode())
