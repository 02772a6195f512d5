"""A pack's example as the dossier a business would file: told in the documents, tried by the tests, sent by tools.

The same example gives the same dossier. Declarant, contact and the documents' digests are invented.
"""

from hashlib import sha256
from typing import Final

from nsw_contracts.events import Consignment, Contact, Declarant, Document, DossierContent

from nsw_procedures.filing import MB
from nsw_procedures.pack import DocumentRule, Example, Pack

BUSINESS: Final = Declarant(tax_code="9000000013", name="Công ty TNHH Thương mại Ví Dụ")
BRANCH: Final = Declarant(tax_code="9000000013-001", name="Chi nhánh Công ty TNHH Thương mại Ví Dụ")
"""Files where the procedure is for branches only."""

CONTACT: Final = Contact(
    name="Nguyễn Văn Ví Dụ", phone="024 0000 0000", email="vi-du@example.com", address="Số 1 phố Ví Dụ, Hà Nội"
)

_UNRULED: Final = "application/pdf"
_TENTH: Final = 10  # documents are a tenth of what the pack lets them be


def example_content(pack: Pack, example: Example) -> DossierContent:
    """The dossier that the example tells of, as filed.

    Raises:
        ValidationError: a line of goods is no line of goods of a dossier (an HS code of five digits, no quantity).
    """
    rules = {rule.kind: rule for rule in pack.documents}
    return DossierContent(
        procedure=pack.code,
        declarant=BUSINESS if "business" in pack.who_may_file.kinds else BRANCH,
        consignment=Consignment.model_validate(
            {
                "direction": example.direction,
                "border_gate": example.border_gate,
                "partner_country": example.partner_country,
                "goods": [{"line": line, **goods.model_dump()} for line, goods in enumerate(example.goods, start=1)],
            }
        ),
        form=dict(example.form),
        documents=tuple(_document(pack.code, kind, rules.get(kind)) for kind in example.documents),
        contact=CONTACT,
    )


def _document(code: str, kind: str, rule: DocumentRule | None) -> Document:
    media_type = rule.media_types[0] if rule is not None else _UNRULED
    return Document(
        sha256=sha256(f"{code} {kind}".encode()).hexdigest(),
        name=f"{kind}.{media_type.rpartition('/')[2]}",
        media_type=media_type,
        size=(rule.largest_mb if rule is not None else 1) * MB // _TENTH,
        kind=kind,
    )
