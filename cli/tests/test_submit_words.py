"""What a business reads when its dossier is refused: every sentence of the window, by field, in both languages."""

from datetime import date

import pytest
from nsw_cli.submit_words import refusal
from nsw_client import FieldProblem, Invalid, Unavailable
from nsw_procedures.code_lists import FORMAT_SAYS
from nsw_procedures.packs import packs

FOOD = packs().in_force("BYTE0500009", date(2026, 3, 2))


def refused(*errors: tuple[str, str]) -> Invalid:
    return Invalid(
        422, "invalid-dossier", "The dossier is not valid", "Correct the fields named in `errors` and send it again.",
        errors=tuple(FieldProblem(*one) for one in errors),
    )  # fmt: skip


def test_a_field_a_line_with_its_name() -> None:
    assert refusal(
        refused(
            ("/declarant/name", "Field required"),
            ("/form/storage_place", '1 is not of type "string"'),
            ("/consignment/goods/0/line", "Input should be greater than or equal to 1"),
            ("", "nested"),
        ),
        "en",
        FOOD,
    ).splitlines() == [
        "The dossier is not valid: Correct the fields named in `errors` and send it again.",
        "  /declarant/name (the declarant's name): Field required",
        '  /form/storage_place (Place of storage until the result): 1 is not of type "string"',
        "  /consignment/goods/0/line: Input should be greater than or equal to 1",
        "  /: nested",
    ]


def test_in_vietnamese() -> None:
    said = refusal(
        refused(
            ("/declarant/name", "Field required"),
            ("/form", '"storage_place" is a required property'),
            ("/consignment/goods/0/hs_code", "99999999 is not among this procedure's goods: HS 1901, 2106"),
        ),
        "vi",
        FOOD,
    ).splitlines()
    assert said == [
        "Hồ sơ chưa hợp lệ: hãy sửa các trường sau rồi chạy lại lệnh",
        "  /declarant/name (tên người khai): bắt buộc phải có",
        "  /form (tờ khai): thiếu trường storage_place",
        "  /consignment/goods/0/hs_code: mã 99999999 không thuộc thủ tục này; gồm HS 1901, 2106",
    ]


def test_a_missing_document_names_the_option() -> None:
    missing = ("/documents", "a document of kind invoice is missing (Commercial invoice / Hóa đơn thương mại)")
    assert refusal(refused(missing), "en").endswith(": add --document invoice=FILE")
    assert refusal(refused(missing), "vi").endswith("thiếu chứng từ Hóa đơn thương mại: thêm --document invoice=TỆP")


@pytest.mark.parametrize("vi_en", FORMAT_SAYS.values(), ids=FORMAT_SAYS)
def test_every_format_speaks_vietnamese(vi_en) -> None:
    assert vi_en[0] in refusal(refused(("/form/x", vi_en[1])), "vi")


def test_a_long_answer_is_cut_and_what_has_no_sentence_is_shown_as_it_is() -> None:
    (_, line) = refusal(refused(("/form/x", '"' + "x" * 9000 + '" is odd')), "en").splitlines()
    assert len(line) <= 202
    assert line.endswith("…")
    assert refusal(refused(("/form/x", "is odd")), "vi").endswith("is odd")


def test_other_refusals_have_no_fields() -> None:
    assert refusal(Unavailable(503, "unavailable", "Not available now", "Try again shortly."), "en") == (
        "Not available now: Try again shortly."
    )
    assert "hãy chạy lại lệnh" in refusal(Unavailable(503, "unavailable", "Not available now", ""), "vi")
