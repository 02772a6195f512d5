"""Intake's refusals, as problem details. Each says what the client can do."""

from collections.abc import Iterable, Sequence
from typing import Final

from nsw_runtime.errors import NswError
from nsw_runtime.problems import FieldError, Problem


class NumbersTaken(NswError):
    """Numbers of this group were given before; other ones are tried."""


KEY_HEADER: Final = "Idempotency-Key"


def malformed(detail: str, errors: Iterable[FieldError] = ()) -> Problem:
    """The body is not usable JSON."""
    return Problem(400, "malformed", "The body cannot be read", detail, errors=errors)


def invalid(errors: Iterable[FieldError]) -> Problem:
    """The JSON is fine, the dossier is not."""
    return Problem(
        422,
        "invalid-dossier",
        "The dossier is not valid",
        "Correct the fields named in `errors` and send it again.",
        errors=errors,
    )


def too_large(limit: int, unit: str) -> Problem:
    """More than the door takes at once."""
    return Problem(
        413,
        "too-large",
        "The body is too large",
        f"At most {limit:,} {unit} in one request; send it in parts.",
    )


def wrong_media_type(wanted: str) -> Problem:
    """The body is of another type."""
    return Problem(415, "media-type", "Another media type is needed", f"Send the body as {wanted}.")


def bad_key() -> Problem:
    """The idempotency key is missing or unusable."""
    return Problem(
        400, "idempotency-key", f"{KEY_HEADER} is missing or not usable",
        f"Send the header {KEY_HEADER} with 1 to 255 visible ASCII characters, the same for each try of one dossier.",
    )  # fmt: skip


def key_reused() -> Problem:
    """The key belongs to another dossier of this business."""
    return Problem(
        422, "idempotency-key-reused", f"The {KEY_HEADER} was used for something else",
        "This business has sent something else with this key. Use a new key for a new dossier or command.",
    )  # fmt: skip


def not_possible(command: str, status: str, possible: Sequence[str]) -> Problem:
    """The dossier's status does not allow the command."""
    then = f"Possible now: {', '.join(possible)}." if possible else "Nothing can be asked for in this status."
    return Problem(
        409,
        "not-possible",
        "The dossier does not stand so that this can be done",
        f"A {command} is not possible while the dossier is {status}. {then} If you answer something newer, name its "
        "revision in `in_answer_to`.",
    )


def other_dossier(pointer: str) -> Problem:
    """A supplement or an amendment whose dossier, which stands at `pointer`, is another's."""
    return invalid(
        [FieldError(pointer, "must be the same procedure and declarant as the dossier it changes; file a new one")]
    )


def unknown_dossier() -> Problem:
    """There is no such dossier."""
    return Problem(404, "unknown-dossier", "No such dossier", "Check the number: twelve digits, as on the receipt.")


def bad_parameters(errors: Iterable[FieldError]) -> Problem:
    """Parameters of a query; each pointer is `/` and the parameter's name."""
    return Problem(
        400,
        "bad-parameter",
        "The query cannot be answered",
        "Correct the parameters named in `errors`.",
        errors=errors,
    )


def unknown_procedure(detail: str) -> Problem:
    """There is no such procedure, or no such version of it."""
    return Problem(404, "unknown-procedure", "No such procedure", detail)
