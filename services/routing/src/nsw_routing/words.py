"""The window's own sentences to a business, in Vietnamese and English."""

from collections.abc import Sequence
from typing import Final

from nsw_contracts.events import Explanation
from nsw_contracts.lifecycle import POSSIBLE, Command, Status

from nsw_routing.case import AtAgency

_COMMANDS: Final[dict[Command, tuple[str, str]]] = {
    "supplement": ("bổ sung hồ sơ", "supplement the dossier"),
    "amendment": ("sửa hồ sơ", "amend the dossier"),
    "withdrawal": ("rút hồ sơ", "withdraw the dossier"),
    "payment": ("nộp phí", "pay a fee"),
}
_STATUSES: Final[dict[Status, tuple[str, str]]] = {
    "submitted": ("đang chờ tiếp nhận", "it waits to be taken in"),
    "accepted": ("đã được tiếp nhận và đang xử lý", "it was taken in and is being processed"),
    "refused": ("đã bị từ chối", "it was refused"),
    "supplement_requested": ("đang chờ doanh nghiệp bổ sung", "a supplement is awaited"),
    "amendment_requested": ("đang chờ trả lời yêu cầu sửa", "the request to amend it awaits its answer"),
    "withdrawal_requested": ("đang chờ trả lời yêu cầu rút", "the request to withdraw it awaits its answer"),
    "withdrawn": ("đã được rút", "it was withdrawn"),
    "inspecting": ("đang được kiểm tra", "it is being inspected"),
    "fee_due": ("đang chờ nộp phí", "a fee is awaited"),
    "fee_paid": ("đã nộp phí và đang xử lý", "the fee was paid and it is being processed"),
    "result_issued": ("đã có kết quả", "its result was issued"),
    "result_amended": ("kết quả đã được sửa", "its result was amended"),
    "result_revoked": ("kết quả đã bị thu hồi", "its result was revoked"),
}
_WORDS: Final[dict[str, tuple[str, str]]] = {
    "refused": ("từ chối", "refused"),
    "failed": ("kết luận không đạt", "found that it failed"),
    "passed": ("kết luận đạt", "found that it passed"),
    "licensed": ("đã cấp phép", "licensed it"),
}


def not_possible(command: Command, status: Status) -> Explanation:
    """Why a command cannot be had in this status, and what can."""
    vi, en = _COMMANDS[command]
    at_vi, at_en = _STATUSES[status]
    possible = POSSIBLE[status]
    if possible:
        then_vi = "Hiện có thể: " + ", ".join(_COMMANDS[one][0] for one in possible) + "."
        then_en = "Possible now: " + ", ".join(_COMMANDS[one][1] for one in possible) + "."
    elif status in ("amendment_requested", "withdrawal_requested"):
        then_vi, then_en = "Hãy chờ cơ quan trả lời.", "Wait for the agency's answer."
    else:
        then_vi, then_en = "Hãy nộp hồ sơ mới nếu cần.", "File a new dossier if you need one."
    return Explanation(
        vi=f"Không thể {vi}: hồ sơ {at_vi}. {then_vi}",
        en=f"You cannot {en}: {at_en}. {then_en}",
    )


def which_fee(waiting: Sequence[str]) -> Explanation:
    """The payment does not say whose fee it is, or names an agency that awaits none."""
    names = ", ".join(waiting)
    return Explanation(
        vi=f"Hãy nêu cơ quan thu phí trong trường agency. Đang chờ phí: {names}.",
        en=f"Name the agency whose fee it is in the field agency. Awaiting a fee: {names}.",
    )


def too_little(at: AtAgency) -> Explanation:
    """The payment does not cover the fee."""
    return Explanation(
        vi=f"Số tiền chưa đủ: {at.agency} yêu cầu {at.amount} {at.currency}.",
        en=f"The payment does not cover the fee: {at.agency} asks for {at.amount} {at.currency}.",
    )


def still_drawn() -> Explanation:
    """The random check took these goods before the dossier was changed."""
    return Explanation(
        vi="Vẫn được kiểm tra ngẫu nhiên: hàng này đã được chọn trước khi hồ sơ được sửa, bổ sung.",
        en="Still taken by the random check: it took these goods before the dossier was changed.",
    )


def lead_decided(lead: AtAgency, others: Sequence[AtAgency]) -> Explanation | None:
    """Whose word counted where not all agencies said the same (article 34); None where nothing needs explaining."""
    favourable = lead.outcome in ("passed", "licensed") and lead.status != "refused"
    vi, en = [], []
    for one in others:
        word = one.outcome if one.status in ("result_issued", "result_amended") else one.status
        if not one.final:
            vi.append(f"{one.agency} chưa có kết luận")
            en.append(f"{one.agency} had not decided")
        elif (word in ("passed", "licensed")) != favourable:
            word_vi, word_en = _WORDS.get(word, _STATUSES[one.status])
            reason = f" ({one.reason[:200]})" if one.reason else ""
            vi.append(f"{one.agency} {word_vi}{reason}")
            en.append(f"{one.agency} {word_en}{reason}")
    if not vi:
        return None
    return Explanation(
        vi=f"{'; '.join(vi)[:350]}. Quyết định của {lead.agency}, cơ quan đầu mối, là quyết định cuối cùng (Điều 34).",
        en=f"{'; '.join(en)[:350]}. The word of {lead.agency}, the lead agency, is final (article 34).",
    )
