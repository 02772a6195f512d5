"""What each public status, and each thing that happens, means to a business: a sentence in both languages."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from nsw_contracts.lifecycle import Status

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
    "amendment_requested": {
        "en": "The request to amend the dossier waits for the lead agency's answer.",
        "vi": "Yêu cầu sửa hồ sơ đang chờ cơ quan đầu mối trả lời.",
    },
    "withdrawal_requested": {
        "en": "The request to withdraw the dossier waits for the lead agency's answer.",
        "vi": "Yêu cầu rút hồ sơ đang chờ cơ quan đầu mối trả lời.",
    },
    "withdrawn": {
        "en": "The dossier was withdrawn; it ends here.",
        "vi": "Hồ sơ đã được rút; hồ sơ kết thúc tại đây.",
    },
    "inspecting": {
        "en": "The agency inspects the goods.",
        "vi": "Cơ quan xử lý đang kiểm tra hàng hóa.",
    },
    "fee_due": {
        "en": "The agency asks for a fee; processing goes on once it is paid.",
        "vi": "Cơ quan xử lý yêu cầu nộp phí; việc xử lý tiếp tục sau khi phí được nộp.",
    },
    "fee_paid": {
        "en": "The fee was paid; the agency is processing the dossier.",
        "vi": "Phí đã được nộp; cơ quan xử lý đang xử lý hồ sơ.",
    },
    "result_issued": {
        "en": "The agency has issued its result.",
        "vi": "Cơ quan xử lý đã trả kết quả xử lý.",
    },
    "result_amended": {
        "en": "The agency has amended its result.",
        "vi": "Cơ quan xử lý đã sửa đổi kết quả xử lý.",
    },
    "result_revoked": {
        "en": "The agency has revoked its result; the dossier ends here.",
        "vi": "Cơ quan xử lý đã thu hồi kết quả xử lý; hồ sơ kết thúc tại đây.",
    },
}
"""Every status of the contract. Words follow docs/glossary.md."""

HAPPENED: Final[dict[str, dict[Language, str]]] = {
    "edited": {
        "en": "The business edited the dossier while it waited.",
        "vi": "Doanh nghiệp đã sửa hồ sơ trong khi chờ tiếp nhận.",
    },
    "supplemented": {
        "en": "The business supplemented the dossier.",
        "vi": "Doanh nghiệp đã bổ sung hồ sơ.",
    },
    "withdrawal-requested": {
        "en": "The business asks to withdraw the dossier.",
        "vi": "Doanh nghiệp yêu cầu rút hồ sơ.",
    },
    "withdrawal-agreed": {
        "en": "The lead agency lets the business withdraw the dossier.",
        "vi": "Cơ quan đầu mối đồng ý cho rút hồ sơ.",
    },
    "withdrawal-refused": {
        "en": "The lead agency does not let the business withdraw; processing goes on.",
        "vi": "Cơ quan đầu mối từ chối yêu cầu rút hồ sơ; việc xử lý tiếp tục.",
    },
    "amendment-requested": {
        "en": "The business asks to amend the dossier.",
        "vi": "Doanh nghiệp yêu cầu sửa hồ sơ.",
    },
    "amendment-agreed": {
        "en": "The lead agency agrees to the amended dossier.",
        "vi": "Cơ quan đầu mối đồng ý sửa hồ sơ.",
    },
    "amendment-refused": {
        "en": "The lead agency keeps to the dossier as it was.",
        "vi": "Cơ quan đầu mối từ chối yêu cầu sửa hồ sơ.",
    },
    "fee-confirmed": {
        "en": "The agency confirms that it has the fee.",
        "vi": "Cơ quan xử lý xác nhận đã nhận phí.",
    },
    "technical-error": {
        "en": "The agency's system could not take a message; the window's operators see to it.",
        "vi": "Hệ thống của cơ quan xử lý chưa nhận được thông điệp; đơn vị vận hành Cổng đang xử lý.",
    },
    "command-refused": {
        "en": "What the business asked for cannot be done now.",
        "vi": "Không thể thực hiện yêu cầu của doanh nghiệp lúc này.",
    },
    "deadline-near": {
        "en": "The agency's deadline comes near.",
        "vi": "Sắp đến hạn xử lý của cơ quan.",
    },
    "overdue": {
        "en": "The agency's deadline has passed; the dossier still waits.",
        "vi": "Đã quá hạn xử lý của cơ quan; hồ sơ vẫn đang chờ.",
    },
    "inspection-decided": {
        "en": "It was decided how the goods are inspected.",
        "vi": "Đã quyết định phương thức kiểm tra hàng hóa.",
    },
}
"""What happened, where that says more than the status after it."""

LABELS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "dossier": "Dossier", "procedure": "procedure", "filed": "filed", "at": "at (UTC)", "status": "what happened",
        "agency": "agency", "detail": "what was said", "possible": "Possible now", "supplement": "supplement",
        "amendment": "amendment", "withdrawal": "withdrawal", "payment": "payment", "due_at": "due",
        "answer_by": "answer by", "receipt": "Receipt", "next": "Follow it",
    },
    "vi": {
        "dossier": "Hồ sơ", "procedure": "thủ tục", "filed": "nộp lúc", "at": "thời điểm (UTC)", "status": "diễn biến",
        "agency": "cơ quan", "detail": "nội dung", "possible": "Hiện có thể", "supplement": "bổ sung hồ sơ",
        "amendment": "sửa hồ sơ", "withdrawal": "rút hồ sơ", "payment": "nộp phí", "due_at": "hạn xử lý",
        "answer_by": "trả lời trước", "receipt": "Giấy tiếp nhận", "next": "Theo dõi",
    },
}  # fmt: skip


def sentence(status: str, language: Language) -> str:
    """The sentence of a status; a status that this release does not know speaks for itself."""
    return next((texts[language] for known, texts in SENTENCES.items() if known == status), status)


def happened(entry: Mapping[str, Any], language: Language) -> str:
    """The sentence of a timeline's entry: of what happened, or else of the status after it."""
    for what in (entry.get("what"), entry.get("type")):
        if what in HAPPENED:
            return HAPPENED[what][language]
    return sentence(entry["status"], language)
