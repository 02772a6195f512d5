"""A refusal in words for the business: each wrong field on a line, by its name, with what to do; in both languages.

The window speaks English. What it says often has a Vietnamese sentence here; what has none is shown as it was said.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from nsw_contracts.sentences import Language

if TYPE_CHECKING:
    from nsw_client import FieldProblem, Refused
    from nsw_procedures.pack import Pack

MOST_CHARACTERS: Final = 200  # of one line: a detail may repeat what was sent

_TITLES: Final[dict[str, str]] = {
    "invalid-dossier": "Hồ sơ chưa hợp lệ: hãy sửa các trường sau rồi chạy lại lệnh",
    "malformed": "Không đọc được nội dung gửi",
    "too-large": "Nội dung gửi quá lớn",
    "documents-quota": "Quá nhiều chứng từ chưa thuộc hồ sơ nào: hãy nộp các hồ sơ của những chứng từ đã gửi trước",
    "unauthenticated": "Chưa xác thực: hãy kiểm tra mã truy cập (--token)",
    "forbidden": "Không có quyền nộp hồ sơ",
    "not-registered": "Chưa được đăng ký nộp hồ sơ cho doanh nghiệp này: hãy liên hệ đơn vị vận hành Cổng",
    "signature-missing": "Thiếu chữ ký số: hãy ký bằng --sign KHÓA",
    "signature-invalid": "Chữ ký số không hợp lệ: đăng ký chứng thư bằng `nsw certificate register`, rồi ký lại",
    "unavailable": "Cổng chưa nhận được lúc này: hãy chạy lại lệnh sau, hồ sơ sẽ không bị nộp hai lần",
    "idempotency-key-reused": "Khóa này đã dùng cho hồ sơ khác: hãy dùng --idempotency-key khác",
}
_PARTS: Final[dict[str, tuple[str, str]]] = {
    "/procedure": ("procedure", "thủ tục"),
    "/declarant": ("declarant", "người khai"),
    "/declarant/tax_code": ("tax code", "mã số thuế"),
    "/declarant/name": ("the declarant's name", "tên người khai"),
    "/consignment": ("consignment", "lô hàng"),
    "/consignment/direction": ("direction", "nhập khẩu, xuất khẩu hay quá cảnh"),
    "/consignment/border_gate": ("border gate", "cửa khẩu"),
    "/consignment/partner_country": ("partner country", "nước đối tác"),
    "/consignment/goods": ("goods", "hàng hóa"),
    "/form": ("form", "tờ khai"),
    "/documents": ("documents", "chứng từ"),
    "/contact": ("contact", "người liên hệ"),
    "/contact/name": ("the contact's name", "tên người liên hệ"),
}
_SENTENCES: Final[tuple[tuple[str, str], ...]] = (
    (r"Field required", "bắt buộc phải có"),
    (r'"(.+)" is a required property', "thiếu trường {0}"),
    (r"Extra inputs are not permitted", "không có trường này: hãy bỏ đi"),
    (r"Additional properties are not allowed \((.+) (?:was|were) unexpected\)", "không có trường {0}: hãy bỏ đi"),
    (r"String should have at least (\d+) characters?", "cần ít nhất {0} ký tự"),
    (r"String should have at most (\d+) characters?", "tối đa {0} ký tự"),
    (r".+ is longer than (\d+) characters?", "tối đa {0} ký tự"),
    (r".+ is shorter than (\d+) characters?", "cần ít nhất {0} ký tự"),
    (r"String should match pattern .+|.+ does not match .+", "không đúng dạng"),
    (r"Input should be a valid string|.+ is not of type \"string\"", "phải là chữ, viết trong dấu ngoặc kép"),
    (r"Input should be a valid (?:integer|number|decimal).*|.+ is not of type \"(?:integer|number)\"", "phải là số"),
    (r".+ is not of type \"boolean\"", "phải là true hoặc false"),
    (r"Input should be a valid dictionary.*|.+ is not of type \"object\"", "phải là một nhóm trường {{…}}"),
    (r"Input should be a valid (?:tuple|list).*|.+ is not of type \"array\"", "phải là danh sách […]"),
    (r"Input should be greater than or equal to (\S+)", "không được nhỏ hơn {0}"),
    (r"Input should be less than or equal to (\S+)", "không được lớn hơn {0}"),
    (r"Input should be ('.+')", "phải là một trong: {0}"),
    (r".+ is not one of (.+)", "phải là một trong: {0}"),
    (r"the check digit \(the tenth digit\) is wrong", "sai chữ số kiểm tra (chữ số thứ mười)"),
    (r"no procedure of the window has this code.*", "không có thủ tục mang mã này; xem `nsw procedure list`"),
    (r"name at least one line of goods", "phải khai ít nhất một dòng hàng"),
    (r"this procedure is not about goods; leave them out", "thủ tục này không khai hàng hóa: hãy bỏ đi"),
    (r"(\S+) is not among this procedure's goods: HS (.+)", "mã {0} không thuộc thủ tục này; gồm HS {1}"),
    (r"a document of kind (\S+) is missing \(.+ / (.+)\)", "thiếu chứng từ {1}: thêm --document {0}=TỆP"),
    (r"an? (\S+) has at most (\d+) MB", "chứng từ {0} tối đa {1} MB"),
    (r"an? (\S+) is ([a-z0-9.+-]+/.+)", "chứng từ {0} phải thuộc loại {1}"),
    (r"an? (?:business|branch) may not file this procedure.*", "đối tượng này không được nộp thủ tục này"),
)


def refusal(refused: "Refused", language: Language, pack: "Pack | None" = None) -> str:
    """What to tell the business, several lines; `pack` knows the names of its form's fields."""
    vietnamese = language == "vi"
    title = _TITLES.get(refused.kind) if vietnamese else None
    head = title or f"{refused.title}: {refused.detail}".removesuffix(": ")
    return "\n".join([head, *(f"  {line}" for line in _lines(refused.errors, language, pack))])


def _lines(errors: "tuple[FieldProblem, ...]", language: Language, pack: "Pack | None") -> Iterator[str]:
    names = dict(_field_names(pack.form, "/form")) if pack is not None else {}
    for one in errors:
        # What stands in a list is named by its field, whichever entry it is of.
        place = re.sub(r"/\d+(?=/|$)", "/*", one.pointer)
        known = names.get(place) or _PARTS.get(one.pointer)
        name = f" ({known[language == 'vi']})" if known is not None else ""
        detail = _told(one.detail, language)
        line = f"{one.pointer or '/'}{name}: {detail}"
        yield line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 1]}…"


def _told(detail: str, language: Language) -> str:
    if language == "en":
        missing = re.fullmatch(r"a document of kind (\S+) is missing .+", detail)
        return detail if missing is None else f"{detail}: add --document {missing[1]}=FILE"
    from nsw_procedures.code_lists import FORMAT_SAYS  # noqa: PLC0415  # slow import

    for vi, en in FORMAT_SAYS.values():
        if detail == en:
            return vi
    for pattern, sentence in _SENTENCES:
        found = re.fullmatch(pattern, detail, re.DOTALL)
        if found is not None:
            return sentence.format(*found.groups())
    return detail


def _field_names(schema: Mapping[str, Any], place: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Each field's pointer, `*` for an entry of a list, and its names in English and Vietnamese."""
    for name, field in schema.get("properties", {}).items():
        here = f"{place}/{name}"
        en = str(field.get("title", name))
        yield here, (en, str(field.get("x-title-vi", en)))
        yield from _field_names(field, here)
        if isinstance(field.get("items"), dict):
            yield from _field_names(field["items"], f"{here}/*")
