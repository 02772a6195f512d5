"""What an officer asks of an agency's desk over HTTP, and what the answers mean for whoever typed the command."""

import json
import mimetypes
import time
import urllib.parse
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from nsw_cli.access import issuer_url, register, token_from
from nsw_cli.errors import CommandError
from nsw_cli.http import Answer, send
from nsw_cli.local import running

SERVICE: Final = "ministry-adapter"
HEARD_SECONDS: Final = 15.0
_LOOK_SECONDS: Final = 0.25
_JSON: Final = {"content-type": "application/json"}


class Desk:
    """One agency's desk, as one officer reaches it. `intake` takes the documents that go with results."""

    def __init__(self, agency: str, url: str, intake: str | None, token: str | None) -> None:
        self.agency = agency
        self._url = f"{url.rstrip('/')}/v1/agencies/{agency}/desk/dossiers"
        self._intake = intake
        self._token = token

    def queue(self, **wanted: Any) -> list[dict[str, Any]]:
        """The dossiers on the desk."""
        asked = urllib.parse.urlencode({name: value for name, value in wanted.items() if value is not None})
        found: list[dict[str, Any]] = self._ask("GET", f"?{asked}")["dossiers"]
        return found

    def show(self, number: str) -> dict[str, Any]:
        """One dossier, whole."""
        return self._ask("GET", f"/{_number(number)}")

    def take(self, number: str) -> dict[str, Any]:
        """The officer has it from now on."""
        return self._ask("POST", f"/{_number(number)}/take")

    def release(self, number: str) -> dict[str, Any]:
        """Back to the queue."""
        return self._ask("POST", f"/{_number(number)}/release")

    def decide(self, number: str, key: str, decision: dict[str, Any]) -> dict[str, Any]:
        """The officer decides."""
        return self._ask("POST", f"/{_number(number)}/decisions", decision, {"idempotency-key": key})

    def judge(self, number: str, decision: str, *, agree: bool, reason: str) -> dict[str, Any]:
        """A second officer agrees or declines."""
        place = f"/{_number(number)}/decisions/{urllib.parse.quote(decision, safe='')}/judgement"
        return self._ask("POST", place, {"agree": agree, "reason": reason})

    def put(self, file: Path, intake: str | None = None) -> dict[str, Any]:
        """Put a document into the window's store, as the agency's; a reference to it. `intake`: not the desk's own.

        Raises:
            CommandError: it cannot be read, or intake does not take it.
        """
        place = intake or self._intake
        if place is None:
            raise CommandError("where is the document to go? Set NSW_INTAKE_URL to intake's base URL")
        try:
            content = file.read_bytes()
        except OSError as error:
            raise CommandError(f"--attach: {file} cannot be read: {error.strerror}") from error
        media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        digest = sha256(content).hexdigest()
        url = f"{place.rstrip('/')}/v1/documents/{digest}?agency={self.agency}"
        answer = send("PUT", url, self._token, content, {"content-type": media_type})
        if answer.status not in (HTTPStatus.OK, HTTPStatus.CREATED):
            raise CommandError(f"intake does not take {file}: {answer.says()}")
        return {
            "sha256": digest, "name": file.name, "media_type": media_type, "size": len(content), "kind": "certificate",
        }  # fmt: skip

    def known(self) -> bool:
        """Whether the desk knows the caller by now; it hears of registrations from intake."""
        return send("GET", f"{self._url}?limit=1", self._token).status != HTTPStatus.FORBIDDEN

    def _ask(
        self, method: str, place: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        raw = None if body is None else json.dumps(body).encode()
        if method == "POST" and raw is None:
            raw = b""
        answer = send(method, self._url + place, self._token, raw, _JSON | (headers or {}))
        if answer.status not in (HTTPStatus.OK, HTTPStatus.ACCEPTED):
            raise CommandError(self._refused(answer))
        found: dict[str, Any] = answer.body
        return found

    def _refused(self, answer: Answer) -> str:
        match answer.status:
            case HTTPStatus.NOT_FOUND:
                return (
                    f"{answer.says()} `nsw desk list --agency {self.agency}` shows what lies on it. Is it at a desk "
                    f"here (`nsw up --desk {self.agency}`), and are you its officer?"
                )
            case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
                return f"{answer.says()} Give an officer's token with --token, or have an operator register you"
            case _:
                return answer.says()


def local_desk(agency: str, officer: str, folder: Path, token: str | None) -> Desk:
    """A desk of the local stack, with the token given or for somebody who is registered as its officer by this.

    Raises:
        CommandError: no stack runs there, or it refuses.
    """
    stack = running(folder)
    if token is not None:
        return Desk(agency, stack.urls[SERVICE], stack.urls["intake"], token)
    return desk_on(stack.urls[SERVICE], stack.urls["intake"], issuer_url(stack), agency, officer)


def desk_on(url: str, intake: str, issuer: str, agency: str, officer: str) -> Desk:
    """A desk of a system with a development issuer, for somebody who is registered as its officer by this.

    Raises:
        CommandError: the system refuses, or does not hear of it.
    """
    subject = f"officer-{officer}"
    register(intake, issuer, subject, "officer", agency)
    desk = Desk(agency, url, intake, token_from(issuer, subject))
    end = time.monotonic() + HEARD_SECONDS
    while not desk.known():
        if time.monotonic() > end:
            raise CommandError(f"the desk has not heard that {officer} is an officer of {agency}; see `nsw status`")
        time.sleep(_LOOK_SECONDS)
    return desk


def _number(text: str) -> str:
    if not text.isdecimal():
        raise CommandError(f"{text!r} is no dossier number: twelve digits, as `nsw desk list` shows them")
    return text
