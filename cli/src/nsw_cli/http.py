"""Asking the services over HTTP."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from nsw_cli.errors import CommandError

ANSWER_SECONDS: Final = 5.0
NDJSON: Final = "application/x-ndjson"


class Answer(NamedTuple):
    """An HTTP status and the JSON that came with it."""

    status: int
    body: Any

    def says(self) -> str:
        """A problem in one line."""
        if not isinstance(self.body, dict):
            return f"{self.status}: {self.body}"
        fields = "; ".join(f"{one['pointer']}: {one['detail']}" for one in self.body.get("errors", ()))
        said = self.body.get("detail") or self.body.get("title")
        return f"{self.status}: {said}{f' ({fields})' if fields else ''}"


def get_json(url: str, token: str | None = None) -> Answer:
    """Ask, with a bearer token where there is one.

    Raises:
        CommandError: nobody answers there, or not with JSON.
    """
    return send("GET", url, token)


def send(
    method: str, url: str, token: str | None, body: bytes | None = None, more: Mapping[str, str] | None = None
) -> Answer:
    """One request; its answer whatever its status is. A body is NDJSON where the headers (`more`) do not say otherwise.

    Raises:
        CommandError: nobody answers there, or not with JSON.
    """
    if not url.startswith(("http://", "https://")):
        raise CommandError(f"{url!r} is no URL of a service: it begins with http:// or https://")
    try:
        try:
            headers = {"content-type": NDJSON, **(more or {})}
            headers |= {"authorization": f"Bearer {token}"} if token else {}
            asked = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - checked above
            with urllib.request.urlopen(asked, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - checked above
                if answer.headers.get_content_type() == NDJSON:
                    return Answer(answer.status, [json.loads(line) for line in answer])
                return Answer(answer.status, json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, json.load(error))
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise CommandError(f"{url} does not answer: {reason}. Is it up? `nsw status` and `nsw doctor` say") from error
    except ValueError as error:
        raise CommandError(f"{url} does not answer with JSON. Is it a service of the window?") from error
