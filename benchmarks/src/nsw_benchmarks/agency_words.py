"""What an agency's decisions say, as the JSON of its answers: a flat object for each, with the fields of its fact."""

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Final

from nsw_benchmarks.stories import FEE, Outcome, outcome

_CERTIFICATE_LIFE = timedelta(days=365)

_WORDS: Final[dict[str, str]] = {
    "accepted": ',"reference":"TN-{number}"',
    "refused": ',"reason":"Hồ sơ không thuộc đối tượng được cấp phép"',
    "supplement-requested": ',"items":["invoice"],"reason":"Hóa đơn không đọc được, đề nghị nộp lại"',
    "withdrawal-agreed": ',"reason":"Đồng ý cho rút hồ sơ"',
    "withdrawal-refused": ',"reason":"Hàng hóa đã được kiểm tra, không thể rút hồ sơ"',
    "amendment-agreed": ',"reason":"Đồng ý với nội dung sửa"',
    "amendment-refused": ',"reason":"Nội dung sửa không phù hợp với hồ sơ đã tiếp nhận"',
    "inspection-started": ',"place":"Bãi kiểm hóa tập trung"',
    "fee-requested": f',"amount":"{FEE[0]}","currency":"{FEE[1]}","reason":"Phí thẩm định hồ sơ"',
    "fee-confirmed": ',"reference":"BL-{number}"',
    "result-issued": ',"outcome":"{outcome}"{certificate}',
    "result-amended": ',"outcome":"{outcome}"{certificate},"reason":"Sửa tên hàng trên giấy chứng nhận"',
    "result-revoked": ',"reason":"Phát hiện chứng từ không hợp lệ"',
}


def answer(message_id: str, number: str, agency: str, decisions: tuple[str, ...], at: float, *, leads: bool) -> str:
    """The JSON of an answer with these decisions of a story, all decided at `at` (seconds since the epoch).

    A coordinating agency passes what it does not refuse; the leading one passes or fails what it has inspected.
    """
    when, until = _times(at)
    said = _said(decisions, outcome(number) if leads else "passed")
    said = said.replace("{when}", when).replace("{number}", number).replace("{agency}", agency)
    return f'{{"message_id":"{message_id}","received_at":"{when}","decisions":[{said.replace("{until}", until)}]}}'


@lru_cache(maxsize=1000)
def _times(at: float) -> tuple[str, str]:
    """A moment, and until when a certificate given then is valid."""
    decided = datetime.fromtimestamp(at, UTC)
    return decided.isoformat(timespec="milliseconds"), (decided + _CERTIFICATE_LIFE).date().isoformat()


@cache
def _said(decisions: tuple[str, ...], found: Outcome) -> str:
    """The decisions' JSON, its `{number}`, `{agency}`, `{when}` and `{until}` still open."""
    if found == "licensed" and "inspection-started" in decisions:
        found = "passed"
    certificate = ',"certificate_number":"{agency}-{number}","valid_until":"{until}"' if found != "failed" else ""
    words = (f'{{"kind":"{kind}","decided_at":"{{when}}"{_WORDS[kind]}}}' for kind in decisions)
    return ",".join(words).replace("{outcome}", found).replace("{certificate}", certificate)
