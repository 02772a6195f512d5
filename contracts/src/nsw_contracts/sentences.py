"""What a business reads of its dossier, in both languages: what happened, what to do next, and by when.

Complete over every status, everything that happens and every public fact: a test holds that. Words follow the
glossary. `nsw_contracts.telling` puts them together.
"""

from typing import Final, Literal

from nsw_contracts.lifecycle import Status

Language = Literal["en", "vi"]
LANGUAGES: Final[tuple[Language, ...]] = ("vi", "en")

STATUS: Final[dict[Status, dict[Language, str]]] = {
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
"""What each status says of a dossier. Words follow docs/glossary.md."""

HAPPENED: Final[dict[str, dict[Language, str]]] = {
    "accepted": {
        "en": "The agency has taken the dossier in.",
        "vi": "Cơ quan xử lý đã tiếp nhận hồ sơ.",
    },
    "refused": {
        "en": "The agency refuses the dossier; it ends here.",
        "vi": "Cơ quan xử lý từ chối hồ sơ; hồ sơ kết thúc tại đây.",
    },
    "supplement-requested": {
        "en": "The agency asks the business to amend or add to the dossier.",
        "vi": "Cơ quan xử lý yêu cầu doanh nghiệp sửa đổi, bổ sung hồ sơ.",
    },
    "inspection-started": {
        "en": "The agency inspects the goods.",
        "vi": "Cơ quan xử lý đang kiểm tra hàng hóa.",
    },
    "fee-requested": {
        "en": "The agency asks for a fee; processing goes on once it is paid.",
        "vi": "Cơ quan xử lý yêu cầu nộp phí; việc xử lý tiếp tục sau khi phí được nộp.",
    },
    "fee-paid": {
        "en": "The payment of the fee was reported to the agency.",
        "vi": "Thông tin nộp phí đã được gửi tới cơ quan xử lý.",
    },
    "result-issued": {
        "en": "The agency has issued its result.",
        "vi": "Cơ quan xử lý đã trả kết quả xử lý.",
    },
    "result-amended": {
        "en": "The agency has amended its result.",
        "vi": "Cơ quan xử lý đã sửa đổi kết quả xử lý.",
    },
    "result-revoked": {
        "en": "The agency has revoked its result; the dossier ends here.",
        "vi": "Cơ quan xử lý đã thu hồi kết quả xử lý; hồ sơ kết thúc tại đây.",
    },
    "withdrawn": {
        "en": "The dossier was withdrawn; it ends here.",
        "vi": "Hồ sơ đã được rút; hồ sơ kết thúc tại đây.",
    },
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
"""What happened, by `what` of a status change or else by the short name of the fact's type."""

OUTCOMES: Final[dict[str, dict[Language, str]]] = {
    "passed": {"en": "The goods passed.", "vi": "Hàng hóa đạt yêu cầu."},
    "failed": {"en": "The goods did not pass.", "vi": "Hàng hóa không đạt yêu cầu."},
    "licensed": {"en": "The licence or certificate was issued.", "vi": "Giấy phép, giấy chứng nhận đã được cấp."},
}
"""What a result comes to."""

NEXT: Final[dict[Status, dict[Language, str]]] = {
    "submitted": {
        "en": "You need do nothing now.",
        "vi": "Doanh nghiệp chưa cần làm gì.",
    },
    "accepted": {
        "en": "You need do nothing now.",
        "vi": "Doanh nghiệp chưa cần làm gì.",
    },
    "refused": {
        "en": "Read the reason; if you still need it, file a new dossier.",
        "vi": "Hãy xem lý do; nếu vẫn cần, hãy nộp hồ sơ mới.",
    },
    "supplement_requested": {
        "en": "Read what is asked for and supplement the dossier.",
        "vi": "Hãy xem nội dung yêu cầu và bổ sung hồ sơ.",
    },
    "amendment_requested": {
        "en": "Wait for the lead agency's answer.",
        "vi": "Hãy chờ cơ quan đầu mối trả lời.",
    },
    "withdrawal_requested": {
        "en": "Wait for the lead agency's answer.",
        "vi": "Hãy chờ cơ quan đầu mối trả lời.",
    },
    "withdrawn": {
        "en": "If you need it again, file a new dossier.",
        "vi": "Nếu cần lại, hãy nộp hồ sơ mới.",
    },
    "inspecting": {
        "en": "Have the goods and their papers ready for the inspection.",
        "vi": "Hãy chuẩn bị hàng hóa và chứng từ để kiểm tra.",
    },
    "fee_due": {
        "en": "Pay the fee and report the payment in the window.",
        "vi": "Hãy nộp phí và khai thông tin nộp phí trên Cổng.",
    },
    "fee_paid": {
        "en": "You need do nothing now.",
        "vi": "Doanh nghiệp chưa cần làm gì.",
    },
    "result_issued": {
        "en": "The result is in the window.",
        "vi": "Kết quả có trên Cổng.",
    },
    "result_amended": {
        "en": "Use the amended result, and the earlier one no more.",
        "vi": "Hãy dùng kết quả đã sửa đổi, không dùng kết quả trước.",
    },
    "result_revoked": {
        "en": "Do not use the result any more; if you still need it, file a new dossier.",
        "vi": "Không dùng kết quả này nữa; nếu vẫn cần, hãy nộp hồ sơ mới.",
    },
}
"""What the business does next, by the dossier's status."""

NEXT_AFTER: Final[dict[str, dict[Language, str]]] = {
    "command-refused": {
        "en": "Read why, and what is possible now.",
        "vi": "Hãy xem lý do và những việc hiện có thể làm.",
    },
    "overdue": {
        "en": "You need do nothing; you may ask the agency when it will answer.",
        "vi": "Doanh nghiệp không phải làm gì; có thể hỏi cơ quan xử lý khi nào trả lời.",
    },
    "inspection-decided": {
        "en": "Read line by line how your goods are inspected.",
        "vi": "Hãy xem phương thức kiểm tra của từng dòng hàng.",
    },
}
"""What the business does next, where what happened says it better than the status."""
