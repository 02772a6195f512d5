"""What the kit orders of a test agency, and what it asks it afterwards."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

Trouble = Literal[
    "busy",
    "err",
    "refuse",
    "lock-out",
    "hang",
    "lose-reply",
    "slow",
    "garbage",
    "wrong-id",
    "huge",
    "deep",
]
"""What the agency's system does with a request of the adapter's, instead of what it should.

Nothing is applied: `busy` (try later), `err` (fails), `refuse` (never takes this message), `lock-out` (the login is
wrong), `hang` (never answers). Applied, and then: `lose-reply` (the connection ends), `slow` (an answer that never ends
in time), `garbage` (no words of the protocol), `wrong-id` (about another message), `huge` (an answer without end),
`deep` (nesting, or entities, without end).
"""

Spoiling = Literal["garbage", "deep", "wrong-agency", "unsigned", "tampered"]
"""What is wrong with a message that the agency's system sends of its own accord. `wrong-agency`: it speaks for another
agency, by everything in it that says so; where nothing does, it is signed by another's key, or it is garbage."""

AT: Final = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)

SAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "technical-error": {"code": "ERR02", "reason": "Sai chữ ký số"},
    "accepted": {"reference": "TN-1"},
    "refused": {"reason": "Không thuộc đối tượng"},
    "supplement-requested": {"reason": "Thiếu hóa đơn"},
    "withdrawal-agreed": {},
    "withdrawal-refused": {"reason": "Đã kiểm tra"},
    "amendment-agreed": {},
    "amendment-refused": {"reason": "Không phù hợp"},
    "inspection-started": {"place": "Cảng Cát Lái"},
    "fee-requested": {"amount": "300000", "currency": "VND"},
    "fee-confirmed": {"reference": "BL-1"},
    "result-issued": {"outcome": "passed", "certificate_number": "GCN-1"},
    "result-amended": {"outcome": "passed", "certificate_number": "GCN-2", "reason": "Sửa tên hàng"},
    "result-revoked": {"reason": "Chứng từ giả"},
}
"""Each word of an agency with fields that go with it."""


class Saying(BaseModel):
    """Something the agency is to say: `id` of its message, about which dossier, which word with which fields.

    `message_id` is the delivery it answers, where the protocol tells.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    number: str
    kind: str
    message_id: str = ""
    decided_at: datetime = AT
    fields: dict[str, Any] = Field(default_factory=dict)
    spoiled: Spoiling | None = None


class Effect(NamedTuple):
    """What one message did at the agency's system.

    `requests` came with its id, `applied` of them had an effect: 1, or something is wrong. `what` was told
    (`submitted`, `fee-paid`, …; empty where the protocol does not tell). `texts`: strings that arrived with it.
    """

    message_id: str
    number: str
    what: str
    requests: int
    applied: int
    texts: tuple[str, ...]


class Way(BaseModel):
    """How the adapter reaches the test agency: its settings, HTTP bounds and secrets.

    `nowhere` are settings of the same shape that lead to a system that is down. `wrong` are settings the adapter must
    refuse in `open`.
    """

    model_config = ConfigDict(frozen=True)

    settings: dict[str, Any]
    nowhere: dict[str, Any]
    wrong: dict[str, Any] | None = None
    secrets: dict[str, bytes] = Field(default_factory=dict)
    http: dict[str, Any] = Field(default_factory=dict)
