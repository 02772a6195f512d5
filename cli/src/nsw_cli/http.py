"""Asking the services over HTTP."""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any, Final, NamedTuple

from nsw_cli.errors import CommandError

ANSWER_SECONDS: Final = 5.0


class Answer(NamedTuple):
    """An HTTP status and the JSON that came with it."""

    status: int
    body: Any


def get_json(url: str) -> Answer:
    """Ask, whatever the answer's status.

    Raises:
        CommandError: nobody answers there, or not with JSON.
    """
    if not url.startswith(("http://", "https://")):
        raise CommandError(f"{url!r} is no URL of a service: it begins with http:// or https://")
    try:
        try:
            with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - checked above
                return Answer(answer.status, json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, json.load(error))
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise CommandError(f"{url} does not answer: {reason}. Is it up? `nsw status` and `nsw doctor` say") from error
    except ValueError as error:
        raise CommandError(f"{url} does not answer with JSON. Is it a service of the window?") from error
