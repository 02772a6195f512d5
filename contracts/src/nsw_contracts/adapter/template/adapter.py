"""How this agency's system is spoken to.

A message is posted to `{url}/messages` with the login's token; the answer says when it was received, and perhaps what
was decided already. A message that may have arrived is asked for by `GET {url}/messages/{id}`. The agency posts what it
decides to the window, signed with a key that both know.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from nsw_contracts.adapter import (
    CannotSay,
    Capabilities,
    Context,
    Delivery,
    Inbound,
    Judged,
    Known,
    Manifest,
    MinistryAdapter,
    Misconfigured,
    NoSuchWord,
    NotThere,
    Outcome,
    Rejected,
    Reply,
    Said,
    Taken,
    TryAgain,
    Unreadable,
    Unsure,
    say,
)
from nsw_contracts.adapter.http import Answer, HttpClient, NoAnswer, NotSent
from nsw_contracts.adapter.strict_json import read_json

OUTCOMES: dict[int, type[TryAgain | Rejected | Misconfigured]] = {
    400: Rejected,
    401: Misconfigured,
    403: Misconfigured,
    404: Misconfigured,
    413: Rejected,
    422: Rejected,
    429: TryAgain,
    503: TryAgain,
}
"""What the system's statuses mean for a delivery; any other is `Unsure`."""


class Settings(BaseModel):
    """Where the agency's system is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str


class Adapter(MinistryAdapter):
    """The adapter."""

    manifest: ClassVar[Manifest] = Manifest(
        name="template",
        version="0.1",
        agency="BYTE",
        protocol="JSON over HTTP, as our system has it",
        contact="it@agency.example",
        capabilities=Capabilities(
            query=True, drops_repeats=True, answers=frozenset({"inline", "callback"}), signed=True
        ),
        quality="platinum",
    )
    settings_model = Settings

    def __init__(self, context: Context, settings: Settings) -> None:
        self._context = context
        self._settings = settings

    async def open(self) -> None:
        """Ask for the secrets, make the client."""
        self._token = self._context.secret("token").get_secret_value().decode()
        self._key = self._context.secret("callback-key").get_secret_value()
        self._http = HttpClient(self._settings.url, self._context.http)

    async def close(self) -> None:
        """Let the client go."""
        self._http.close()

    # --- what the agency is told ------------------------------------------------------------------------------------

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Post one message."""
        work = json.loads(delivery.raw)
        message = {"id": delivery.message_id, "number": delivery.number, "what": delivery.work.what, "dossier": work}
        try:
            answer = await self._http.request(
                "POST", "messages", json.dumps(message, ensure_ascii=False).encode(), self._headers()
            )
        except NotSent as error:
            return TryAgain(f"cannot be reached: {error}")
        except NoAnswer as error:
            return Unsure(f"no answer: {error}", unusable="larger" in str(error))
        if answer.status == 200:  # noqa: PLR2004
            return self._taken(delivery, answer)
        kind = OUTCOMES.get(answer.status)
        return kind(f"answered {answer.status}") if kind else Unsure(f"answered {answer.status}")

    async def query(self, delivery: Delivery) -> Known:
        """Ask by message id."""
        try:
            answer = await self._http.request("GET", f"messages/{delivery.message_id}", headers=self._headers())
        except (NotSent, NoAnswer) as error:
            return CannotSay(f"no answer: {error}")
        if answer.status == 200:  # noqa: PLR2004
            outcome = self._taken(delivery, answer)
            return outcome if isinstance(outcome, Taken) else CannotSay(outcome.reason)
        if answer.status == 404 and self._about(answer) == delivery.message_id:  # noqa: PLR2004
            return NotThere()
        return CannotSay(f"answered {answer.status}")

    def _headers(self) -> dict[str, str]:
        return {"content-type": "application/json", "authorization": f"Bearer {self._token}"}

    def _taken(self, delivery: Delivery, answer: Answer) -> Taken | Unsure:
        """What the agency's answer says of a delivery."""
        try:
            told = read_json(answer.body, largest=self._context.http.largest_answer)
            if told["id"] != delivery.message_id:
                return Unsure("the answer is about another message", unusable=True)
            received_at = datetime.fromisoformat(told["receivedAt"])
            said = [delivery.says(one["word"], _fields(one)) for one in told.get("decisions", [])]
        except (Unreadable, NoSuchWord, ValidationError, ValueError, KeyError, TypeError) as error:
            return Unsure(f"the answer cannot be read: {type(error).__name__}", unusable=True)
        return Taken(received_at, said)

    def _about(self, answer: Answer) -> object:
        try:
            told = read_json(answer.body, largest=self._context.http.largest_answer)
        except Unreadable:
            return None
        return told.get("id") if isinstance(told, dict) else None

    # --- what the agency says ---------------------------------------------------------------------------------------

    async def receive(self, inbound: Inbound) -> Sequence[Said] | Reply:
        """One message, whose signature is the HMAC-SHA256 of the body."""
        wanted = hmac.new(self._key, inbound.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, inbound.headers.get("x-signature", "")):
            return _refused(401, "The signature does not fit.")
        try:
            told = read_json(inbound.body, largest=self._context.http.largest_answer)
            fact = say(
                told["word"],
                number=told["number"],
                agency=self._context.agency,
                message_id=told.get("answerTo", ""),
                **_fields(told),
            )
            return [Said(id=told["id"], facts=(fact,))]
        except (Unreadable, NoSuchWord, ValidationError, KeyError, TypeError) as error:
            return _refused(422, f"The message cannot be used: {type(error).__name__}.")

    async def acknowledge(self, inbound: Inbound, judged: Sequence[Judged]) -> Reply:
        """Say whether the agency may forget its message."""
        del inbound
        (one,) = judged
        if one.kept:
            return Reply(body=b'{"result":"ok"}')
        return _refused(404 if one.verdict == "unknown" else 409, one.reason)


def _fields(told: dict[str, Any]) -> dict[str, Any]:
    """The fields of a decision's fact, by their names in the agency's messages."""
    known = {"id", "number", "word", "answerTo", "decidedAt"}
    return {"decided_at": told["decidedAt"]} | {name: value for name, value in told.items() if name not in known}


def _refused(status: int, detail: str) -> Reply:
    return Reply(status=status, body=json.dumps({"result": "refused", "detail": detail}).encode())
