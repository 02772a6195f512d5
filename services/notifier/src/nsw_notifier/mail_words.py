"""The words around the sentences in e-mails and on their pages, in both languages."""

from typing import Final

from nsw_contracts.sentences import Language

WINDOW: Final[dict[Language, str]] = {"vi": "Cổng một cửa quốc gia", "en": "National Single Window"}

WORDS: Final[dict[Language, dict[str, str]]] = {
    "vi": {
        "one": "Hồ sơ {number} có diễn biến mới",
        "many": "{count} hồ sơ có diễn biến mới",
        "disabled": "Một đăng ký nhận thông báo đã bị ngừng",
        "dossier": "Hồ sơ",
        "procedure": "Thủ tục",
        "next": "Việc cần làm",
        "certificate": "Số kết quả",
        "more": "Lý do và nội dung chi tiết có trên Cổng; thư này không chứa thông tin cá nhân.",
        "why": "Thư này được gửi vì doanh nghiệp {declarant} đã đăng ký nhận thông báo tại địa chỉ này.",
        "unsubscribe": "Ngừng nhận thư",
        "confirm_subject": "Xác nhận địa chỉ nhận thông báo",
        "confirm_text": "Doanh nghiệp {declarant} muốn nhận thông báo về hồ sơ của mình tại địa chỉ này. "
        "Nếu đúng, hãy mở liên kết sau và xác nhận trong vòng bảy ngày. "
        "Nếu không, hãy bỏ qua thư này: sẽ không có thư nào khác.",
        "confirm": "Xác nhận",
        "confirm_page": "Nhận thông báo về hồ sơ của doanh nghiệp {declarant} tại địa chỉ này?",
        "confirmed_page": "Đã xác nhận. Thông báo về hồ sơ sẽ được gửi tới địa chỉ này.",
        "unsubscribe_page": "Ngừng gửi thông báo về hồ sơ của doanh nghiệp {declarant} tới địa chỉ này?",
        "unsubscribed_page": "Đã ngừng. Sẽ không có thông báo nào được gửi tới địa chỉ này nữa.",
        "gone_page": "Liên kết này không còn hiệu lực.",
    },
    "en": {
        "one": "News of dossier {number}",
        "many": "News of {count} dossiers",
        "disabled": "A subscription was disabled",
        "dossier": "Dossier",
        "procedure": "Procedure",
        "next": "What to do",
        "certificate": "Result number",
        "more": "Reasons and details are in the window; this message holds no personal data.",
        "why": "You get this because business {declarant} has subscribed this address.",
        "unsubscribe": "Unsubscribe",
        "confirm_subject": "Confirm this address for notices",
        "confirm_text": "Business {declarant} wants to get notices of its dossiers at this address. "
        "If that is right, open the link and confirm within seven days. "
        "If it is not, do nothing: no other message will come.",
        "confirm": "Confirm",
        "confirm_page": "Get notices of the dossiers of business {declarant} at this address?",
        "confirmed_page": "Confirmed. Notices of dossiers will come to this address.",
        "unsubscribe_page": "Stop notices of the dossiers of business {declarant} to this address?",
        "unsubscribed_page": "Stopped. No more notices will come to this address.",
        "gone_page": "This link is not valid any more.",
    },
}
