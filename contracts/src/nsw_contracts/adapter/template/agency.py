"""A test agency that speaks the adapter's protocol, as a process of its own: the agency's system, as far as it matters.

Keep it true to the real system: the kit shows no more than what this shows.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from nsw_contracts.adapter.conformance.orders import Saying, Way
from nsw_contracts.adapter.conformance.simulator import Request, Response, SimulatedAgency, run

TOKEN = b"a-token-of-the-test-agency"
CALLBACK_KEY = b"a-key-of-the-test-agency"
ANOTHERS_KEY = b"a-key-of-somebody-else"


class Agency(SimulatedAgency):
    """The agency's side."""

    def way(self, url: str, nowhere: str) -> Way:
        """How the adapter reaches it."""
        return Way(
            settings={"url": url},
            nowhere={"url": nowhere},
            wrong={"url": "http://system.example"},
            secrets={"token": TOKEN, "callback-key": CALLBACK_KEY},
        )

    def respond(self, request: Request) -> Response:
        """Take a message in, or say whether it was."""
        if request.headers.get("authorization") != f"Bearer {TOKEN.decode()}":
            return _json({"error": "who are you?"}, 401)
        if request.method == "GET":
            message_id = request.path.rpartition("/")[2]
            answer = self.answer_of(message_id)
            return _json(answer or {"id": message_id}, 200 if answer else 404)
        message = json.loads(request.body)
        number = message["number"]
        decisions = [_decision(each) for each in self.decided(number)]
        answer = {"id": message["id"], "receivedAt": datetime.now(UTC).isoformat(), "decisions": decisions}
        return _json(self.arrived(message["id"], number, message["what"], list(_texts(message["dossier"])), answer))

    def message(self, saying: Saying) -> tuple[Mapping[str, str], bytes]:
        """What it says of its own accord, well or spoiled to order."""
        body = json.dumps(_decision(saying) | {"id": saying.id, "answerTo": saying.message_id}).encode()
        if saying.spoiled == "garbage":
            body = b"<<< \xff what?"
        elif saying.spoiled == "deep":
            body = self.deep()
        key = ANOTHERS_KEY if saying.spoiled == "wrong-agency" else CALLBACK_KEY
        signature = "" if saying.spoiled == "unsigned" else hmac.new(key, body, hashlib.sha256).hexdigest()
        if saying.spoiled == "tampered":
            body = body.replace(saying.number.encode(), b"260000000017")
        return {"content-type": "application/json", "x-signature": signature}, body


def _decision(saying: Saying) -> dict[str, Any]:
    told = {"number": saying.number, "word": saying.kind, "decidedAt": saying.decided_at.isoformat()}
    return told | saying.fields


def _texts(value: Any) -> Iterator[str]:
    """Every string in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _json(value: Any, status: int = 200) -> Response:
    return Response(status, json.dumps(value).encode())


if __name__ == "__main__":
    run(Agency())
