"""What each public status means to a business, in one sentence, in English and in Vietnamese."""

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from nsw_contracts.events import Status

Language = Literal["en", "vi"]

SENTENCES: "Final[dict[Status, dict[Language, str]]]" = {
    "submitted": {
        "en": "The window has the dossier; it waits for the agency to take it in.",
        "vi": "Cổng một cửa đã nhận hồ sơ; hồ sơ đang chờ cơ quan xử lý tiếp nhận.",
    },
    "accepted": {
        "en": "The agency has taken the dossier in and is processing it.",
        "vi": "Cơ quan xử lý đã tiếp nhận hồ sơ và đang xử lý.",
    },
    "refused": {
        "en": "The agency refuses the dossier; it ends here.",
        "vi": "Cơ quan xử lý từ chối hồ sơ; hồ sơ kết thúc tại đây.",
    },
    "supplement_requested": {
        "en": "The agency asks the business to amend or add to the dossier.",
        "vi": "Cơ quan xử lý yêu cầu doanh nghiệp sửa đổi, bổ sung hồ sơ.",
    },
    "result_issued": {
        "en": "The agency has issued its result.",
        "vi": "Cơ quan xử lý đã trả kết quả xử lý.",
    },
}
"""Every status of the contract. Words follow docs/glossary.md."""

LABELS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "dossier": "Dossier", "procedure": "procedure", "filed": "filed", "at": "at (UTC)", "status": "status",
        "agency": "agency", "detail": "what was said",
    },
    "vi": {
        "dossier": "Hồ sơ", "procedure": "thủ tục", "filed": "nộp lúc", "at": "thời điểm (UTC)", "status": "trạng thái",
        "agency": "cơ quan", "detail": "nội dung",
    },
}  # fmt: skip


def sentence(status: str, language: Language) -> str:
    """The sentence of a status; a status that this release does not know speaks for itself."""
    return next((texts[language] for known, texts in SENTENCES.items() if known == status), status)
