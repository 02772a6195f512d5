"""What callers are told who are not known, or not allowed. Texts say the next step, never what was wrong inside."""

from typing import Final

from nsw_runtime.identity.caller import Caller
from nsw_runtime.problems import FieldError, Problem

_CHALLENGE: Final = 'Bearer realm="nsw"'


def unauthenticated(detail: str, *, given: bool) -> Problem:
    """401. `given`: credentials came, and were not usable."""
    challenge = f'{_CHALLENGE}, error="invalid_token"' if given else _CHALLENGE
    return Problem(
        401, "unauthenticated", "You are not known to the window", detail, headers={"www-authenticate": challenge}
    )


def forbidden(detail: str) -> Problem:
    """403: the caller is known, and its rights do not reach."""
    return Problem(403, "forbidden", "You may not do this", detail)


def not_registered(pointer: str) -> Problem:
    """403: the caller does not act for the business or agency that the request names at `pointer`."""
    return Problem(
        403, "not-registered", "You are not registered for this business or agency",
        "Have the window's operator register you for the one named in `errors`, or send it as somebody who is.",
        errors=[FieldError(pointer, "you are not registered to act for it")],
    )  # fmt: skip


def require_acting(caller: Caller, tax_code: str, pointer: str) -> None:
    """The caller acts for this business, which the body names at `pointer`.

    Raises:
        Problem: 403, it does not.
    """
    if not caller.acts_for(tax_code):
        raise not_registered(pointer)
