"""Tokens of the local stack's development issuer, and whom the commands call as: its operator and its broker.

The broker is registered for every business that is used on the local stack, as a customs broker is for its clients.
"""

import json
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Final

from nsw_contracts.registration_facts import Role
from nsw_local import State

from nsw_cli.errors import CommandError
from nsw_cli.http import send
from nsw_cli.local import running
from nsw_cli.system import BROKER, ISSUER, OPERATOR

ANSWER_SECONDS: Final = 5.0


def issuer_url(stack: State) -> str:
    """The development issuer of a running stack.

    Raises:
        CommandError: it has none.
    """
    url = stack.urls.get(ISSUER)
    if url is None:
        raise CommandError("this stack has no development issuer: set NSW_TOKEN to a token of your provider")
    return url


def token_from(issuer: str, subject: str, lifetime: int | None = None) -> str:
    """A token for a subject.

    Raises:
        CommandError: the issuer does not answer.
    """
    form = {"subject": subject} | ({"lifetime": str(lifetime)} if lifetime is not None else {})
    try:
        data = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(f"{issuer}/token", data, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - our own
            return str(json.load(answer)["access_token"])
    except (OSError, ValueError) as error:
        raise CommandError(f"the issuer {issuer} gives no token: {error}. Look with `nsw status`") from error


def intake_as(subject: str, folder: Path, intake: str | None, token: str | None) -> tuple[str, str | None]:
    """Intake's URL and the token to ask it with: those given, or the local stack's and one of this subject's.

    Raises:
        CommandError: no intake is given and no stack runs.
    """
    if intake is not None:
        return intake, token
    stack = running(folder)
    return stack.urls["intake"], token or token_from(issuer_url(stack), subject)


def business_token(stack: State, tax_code: str) -> str:
    """The local stack's broker's token, once an operator has registered it for this business.

    Raises:
        CommandError: the stack refuses.
    """
    register(stack.urls["intake"], issuer_url(stack), BROKER, "declarant", tax_code)
    return token_from(issuer_url(stack), BROKER)


def register(intake: str, issuer: str, subject: str, role: Role, party: str) -> None:
    """Have the local stack's operator register somebody.

    A party that there is none of is refused; what is then asked for it says so.
    """
    line = {"issuer": issuer, "subject": subject, "role": role, "party": party}
    send("POST", f"{intake}/v1/registrations", token_from(issuer, OPERATOR), json.dumps(line).encode())
