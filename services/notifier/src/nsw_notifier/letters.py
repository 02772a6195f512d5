"""What e-mails say: a digest of events, a request to confirm, in the subscription's language, as text and as HTML.

No more personal data than the address they go to: reasons, goods and names stay in the window.
"""

import json
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from nsw_contracts.events import SUBSCRIPTION_DISABLED, says
from nsw_contracts.sentences import Language
from nsw_contracts.telling import moment, tell
from nsw_runtime.clock import Clock

from nsw_notifier import links
from nsw_notifier.mail_words import WINDOW, WORDS
from nsw_notifier.settings import NotifierSettings
from nsw_notifier.subscription import Subscription

PAGE_BUTTONS: Final = {"confirm_page": "confirm", "unsubscribe_page": "unsubscribe"}


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("nsw_notifier", "templates"),
        autoescape=select_autoescape(["html.j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


class Letters:
    """Writes them."""

    def __init__(self, settings: NotifierSettings, clock: Clock) -> None:
        self._from = settings.mail_from
        self._base = settings.public_url.rstrip("/")
        self._clock = clock

    def digest(self, to: Subscription, events: Sequence[bytes], message_id: str) -> EmailMessage:
        """One message about all of these events, dossier by dossier."""
        language: Language = "en" if to.language == "en" else "vi"
        dossiers: dict[str, dict[str, Any]] = {}
        notices: list[dict[str, str]] = []
        for event in map(json.loads, events):
            data = event["data"]
            if event["type"] == SUBSCRIPTION_DISABLED:
                notices.append(data)
                continue
            told = tell(says(event["type"]), data, language)
            one = dossiers.setdefault(
                data["number"], {"number": data["number"], "procedure": data["procedure"], "lines": []}
            )
            one["lines"].append(
                {
                    "at": moment(event["timestamp"], language),
                    "happened": told.happened,
                    "certificate": data.get("certificate_number", ""),
                }
            )
            one |= {"next": told.next, "by_when": told.by_when}
        words = WORDS[language]
        subject = words["many"].format(count=len(dossiers))
        if len(dossiers) == 1:
            subject = words["one"].format(number=next(iter(dossiers)))
        elif not dossiers:
            subject = words["disabled"]
        unsubscribe = f"{self._base}/v1/unsubscribe/{links.token('unsubscribe', to)}"
        message = self._message(
            to, "digest", language, subject, message_id, dossiers=list(dossiers.values()), notices=notices,
            why=words["why"].format(declarant=to.declarant), unsubscribe=unsubscribe,
        )  # fmt: skip
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
        return message

    def confirmation(self, to: Subscription, message_id: str) -> EmailMessage:
        """Asks whether the address wants to be told."""
        language: Language = "en" if to.language == "en" else "vi"
        words = WORDS[language]
        return self._message(
            to, "confirm", language, words["confirm_subject"], message_id,
            text=words["confirm_text"].format(declarant=to.declarant),
            link=f"{self._base}/v1/confirmations/{links.token('confirm', to)}",
        )  # fmt: skip

    def _message(
        self, to: Subscription, name: str, language: Language, subject: str, message_id: str, **said: Any
    ) -> EmailMessage:
        message = EmailMessage()
        message["From"] = f"{WINDOW[language]} <{self._from}>"
        message["To"] = to.address
        message["Subject"] = subject
        message["Date"] = format_datetime(self._clock())
        message["Message-ID"] = f"<{message_id}@{self._from.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        known = {"words": WORDS[language], "window": WINDOW[language], "language": language, "subject": subject, **said}
        message.set_content(_templates().get_template(f"{name}.txt.j2").render(known))
        message.add_alternative(_templates().get_template(f"{name}.html.j2").render(known), subtype="html")
        message["Content-Language"] = language  # here: setting a content removes its headers
        return message


def page(text: str, declarant: str = "") -> str:
    """The page behind a link of an e-mail, in both languages; `text` is one of the pages in `WORDS`."""
    button = PAGE_BUTTONS.get(text)
    return (
        _templates()
        .get_template("page.html.j2")
        .render(
            title=f"{WINDOW['vi']} · {WINDOW['en']}",
            texts=[WORDS[language][text].format(declarant=declarant) for language in WORDS],
            button=" · ".join(WORDS[language][button] for language in WORDS) if button else "",
        )
    )
