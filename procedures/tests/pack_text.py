"""A small pack in YAML, to be spoiled or varied."""

from nsw_procedures.pack import Pack
from nsw_procedures.pack_file import parse_pack

PACK = """\
code: BYTE0300001
version: "2026.1"
effective_from: 2020-01-01
names:
  vi: Kiểm tra thực phẩm nhập khẩu
  en: Inspection of imported food
lead_agency: BYTE
life:
  agreeing: 2019-01-01
  live: 2020-01-01
legal_basis:
  - document: Nghị định 15/2018/NĐ-CP
    holds_from: 2018-02-02
directions:
  - import
who_may_file:
  kinds:
    - business
goods:
  hs:
    - "0306"
form:
  type: object
  additionalProperties: false
  required:
    - maker
  properties:
    maker:
      title: Maker | plant
      x-title-vi: Nhà sản xuất
      type: string
      maxLength: 200
    made_in:
      title: Made in
      x-title-vi: Nước sản xuất
      type: string
      format: country
documents:
  - kind: invoice
    names:
      vi: Hóa đơn
      en: Invoice
  - kind: test-report
    names:
      vi: Phiếu kiểm nghiệm
      en: Test report
    required: false
deadlines:
  acceptance: 1 working day
  decision: 3 working days
  warning: 4 working hours
  answer: 30 days
messages:
  incoming:
    - type: "21"
      function: "05"
      means: accepted
retention:
  years: 5
  basis: assumed
examples:
  - name:
      vi: Tôm đông lạnh
      en: Frozen shrimps
    direction: import
    border_gate: Cảng Cát Lái
    partner_country: TH
    goods:
      - hs_code: "030617"
        description: Frozen shrimps
        origin_country: TH
        quantity: "100"
        unit: KGM
    form:
      maker: Siam Foods
    documents:
      - invoice
    story:
      - BYTE accepted
      - BYTE result-issued licensed
    ends: result_issued
"""


def pack_text(*changes: tuple[str, str]) -> str:
    """The pack's text with each first thing replaced by the second; each stands in it once."""
    text = PACK
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def a_pack(*changes: tuple[str, str]) -> Pack:
    """The pack itself."""
    return parse_pack(pack_text(*changes), "BYTE0300001.yaml")


def named(code: str, *changes: tuple[str, str]) -> Pack:
    """The pack as another procedure's."""
    return a_pack(("code: BYTE0300001", f"code: {code}"), *changes)
