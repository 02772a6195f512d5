"""The pack that `nsw procedure new` writes: it passes `check` as it is, and its comments say what to fill in."""

from typing import Final

TEMPLATE: Final = """\
# A procedure pack. Replace what is here, then: nsw procedure check FILE
# A later version gets a file of its own: nsw procedure new {code} --from {code}
code: {code}
version: "{year}.1"
effective_from: {today}  # the day from which dossiers are judged by this version
names:
  vi: Tên thủ tục
  en: Name of the procedure
lead_agency: {agency}
# coordinating_agencies:  # those that decide in parallel; the lead agency's word is final
#   - BTC
life:  # a day for each stage reached or agreed: agreeing, testing, connected, live, retired
  agreeing: {today}
legal_basis:
  - document: Nghị định 85/2019/NĐ-CP
    # article: "7"
    holds_from: 2020-01-01
    # holds_until: 2026-10-14
directions:
  - import
who_may_file:
  kinds:
    - business
    - branch
goods:
  lines: required  # or optional, or none: a ship, a vehicle, a person
  # hs:  # beginnings of HS codes; without them, any goods
  #   - "0306"
form:  # JSON Schema 2020-12: the procedure's own fields; declarant, consignment, documents, contact are there already
  type: object
  additionalProperties: false
  # required:
  #   - manufacturer
  properties:
    manufacturer:
      title: Manufacturer
      x-title-vi: Nhà sản xuất
      type: string
      maxLength: 200
    # Formats: hs-code, country, currency, unit, port, tax-code, decimal, imo-number, date, date-time, email
    filing_year:
      title: Year of filing
      x-title-vi: Năm khai
      type: integer
      minimum: 2000
      maximum: 2100
    purpose:
      title: Purpose
      x-title-vi: Mục đích
      type: string
      maxLength: 500
documents:
  - kind: invoice
    names:
      vi: Hóa đơn
      en: Invoice
    # required: false
    # media_types:
    #   - application/pdf
    # largest_mb: 20
    # final_word: BTC  # whose word on this document is final, where it is not the lead agency's
deadlines:  # working days, working hours, days or hours
  acceptance: 1 working day
  decision: 3 working days
  warning: 4 working hours
  answer: 30 days
# fees:
#   - code: fee
#     names:
#       vi: Phí thẩm định
#       en: Assessment fee
#     amount: 500000  # VND
#     basis: Thông tư …
# messages:  # the ministry's own numbers, where it has some; codes are text: "05"
#   protocol: canonical  # `vnsw` where the contents of its XML are known: docs/architecture/vnsw.md
#   incoming:
#     - type: "21"
#       function: "05"
#       means: accepted
# inspection:  # where goods are inspected
#   name: food-safety
#   start: normal
#   passes:
#     tight: 3
#     normal: 3
#   random_percent: 5
retention:
  years: 5
  basis: Nghị định 85/2019/NĐ-CP, article 4(5)
# examples:  # a live procedure needs one
#   - name:
#       vi: Một hồ sơ thường gặp
#       en: An ordinary dossier
#     direction: import
#     border_gate: Cảng Cát Lái
#     partner_country: TH
#     goods:
#       - hs_code: "030617"
#         description: Frozen shrimps
#         origin_country: TH
#         quantity: "12000"
#         unit: KGM
#     form:
#       manufacturer: Siam Foods
#     documents:
#       - invoice
#     story:
#       - {agency} accepted
#       - {agency} result-issued licensed
#     ends: result_issued
"""
