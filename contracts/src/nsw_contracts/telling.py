"""A public fact as its business reads it: the sentences of `nsw_contracts.sentences`, with times as in Vietnam."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Final, NamedTuple

from nsw_contracts.lifecycle import BUSINESS_ACTS
from nsw_contracts.sentences import HAPPENED, NEXT, NEXT_AFTER, OUTCOMES, STATUS, Language

VIETNAM: Final = timezone(timedelta(hours=7))
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

ANSWER_BY: Final[dict[Language, str]] = {"en": "Do so by {at}.", "vi": "Thời hạn: {at}."}
DUE_BY: Final[dict[Language, str]] = {
    "en": "The agency should answer by {at}.",
    "vi": "Hạn trả lời của cơ quan xử lý: {at}.",
}


class Told(NamedTuple):
    """What a business reads of one fact. `by_when` is empty where nothing is due."""

    happened: str
    next: str
    by_when: str

    def __str__(self) -> str:
        return " ".join(part for part in self if part)


def tell(kind: str, fact: Mapping[str, Any], language: Language) -> Told:
    """The sentences of a public fact: `kind` is the short name of its type, `fact` its JSON object."""
    status, what = fact["status"], fact.get("what") or kind
    said = happened(what, status, language)
    if fact.get("amount"):
        said += f" ({fact['amount']} {fact.get('currency', '')})"
    if (outcome := fact.get("outcome")) in OUTCOMES:
        said += " " + OUTCOMES[outcome][language]
    after = NEXT_AFTER.get(what) or next((one for known, one in NEXT.items() if known == status), None)
    return Told(said, "" if after is None else after[language], _by_when(fact, language))


def happened(what: str | None, status: str, language: Language) -> str:
    """What happened, or else the status after it; what this release does not know speaks for itself."""
    if what in HAPPENED:
        return HAPPENED[what][language]
    return sentence(status, language)


def sentence(status: str, language: Language) -> str:
    """The sentence of a status; one that this release does not know speaks for itself."""
    return next((texts[language] for known, texts in STATUS.items() if known == status), status)


def _by_when(fact: Mapping[str, Any], language: Language) -> str:
    if fact["status"] in BUSINESS_ACTS and fact.get("answer_by"):
        return ANSWER_BY[language].format(at=moment(fact["answer_by"], language))
    if fact.get("due_at"):
        return DUE_BY[language].format(at=moment(fact["due_at"], language))
    return ""


def moment(at: str | datetime, language: Language) -> str:
    """A time as it is read in Vietnam."""
    local = (datetime.fromisoformat(at) if isinstance(at, str) else at).astimezone(VIETNAM)
    if language == "vi":
        return f"{local:%H:%M} ngày {local:%d/%m/%Y} (giờ Việt Nam)"
    return f"{local:%H:%M} on {local.day} {_MONTHS[local.month - 1]} {local.year} (Vietnam time)"
