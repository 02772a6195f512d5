"""What stands around the sentences that a business reads: labels in both languages."""

from collections.abc import Mapping
from typing import Any, Final

from nsw_contracts import telling
from nsw_contracts.sentences import Language

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
        "answer_by": "trả lời trước", "receipt": "Biên nhận", "next": "Theo dõi",
    },
}  # fmt: skip


def happened(entry: Mapping[str, Any], language: Language) -> str:
    """The sentence of a timeline's entry: of what happened, or else of the status after it."""
    return telling.happened(entry.get("what") or entry.get("type"), entry["status"], language)
