"""What the desk refuses officers, as problem details. Each says what the officer can do."""

from collections.abc import Iterable, Sequence

from nsw_runtime.problems import FieldError, Problem
from pydantic import ValidationError


def unknown_dossier() -> Problem:
    """Not on this desk."""
    return Problem(
        404, "unknown-dossier", "No such dossier", "There is no such dossier on this desk. Check the number."
    )


def unknown_decision() -> Problem:
    """No such decision on this dossier."""
    return Problem(404, "unknown-decision", "No such decision", "The dossier shows its decisions with their ids.")


def taken(officer: str) -> Problem:
    """A colleague has it."""
    return Problem(
        409, "taken", "A colleague has this dossier", f"{officer} has taken it. Ask for it to be given back first."
    )


def not_taken() -> Problem:
    """Nobody has it."""
    return Problem(
        409, "not-taken", "The dossier is not yours", "Take the dossier (POST …/take) before you decide on it."
    )


def not_possible(kind: str, possible: Sequence[str]) -> Problem:
    """The agency's part does not allow this word."""
    now = f"Possible now: {', '.join(possible)}." if possible else "Nothing can be said of it now."
    return Problem(409, "not-possible", "This cannot be said of the dossier now", f"{kind[:40]} is not possible. {now}")


def proposed_already() -> Problem:
    """A decision waits for its second officer."""
    return Problem(
        409,
        "proposed-already",
        "A decision waits for a second officer",
        "A colleague agrees to it or declines it first.",
    )


def judged_already(state: str) -> Problem:
    """The decision waits for nobody."""
    return Problem(409, "judged-already", "The decision was judged already", f"It is {state}. Nothing was changed.")


def own_decision() -> Problem:
    """Two eyes are not four."""
    return Problem(
        409, "own-decision", "Another officer must agree", "You proposed this decision; a colleague must judge it."
    )


def key_reused() -> Problem:
    """The key belongs to another decision."""
    return Problem(
        422, "idempotency-key-reused", "The Idempotency-Key was used for something else",
        "Another decision on this dossier was sent with this key. Use a new key for a new decision.",
    )  # fmt: skip


def invalid(errors: Iterable[FieldError]) -> Problem:
    """A field is wrong."""
    return Problem(
        422, "invalid-decision", "The decision is not valid", "Correct the fields named in `errors` and send it again.",
        errors=errors,
    )  # fmt: skip


def bad_parameters(errors: Iterable[FieldError]) -> Problem:
    """A parameter of the queue is wrong."""
    return Problem(
        400, "bad-parameter", "The query cannot be answered", "Correct the parameters named in `errors`.", errors=errors
    )


def fields(error: ValidationError) -> list[FieldError]:
    """What a model finds wrong, by pointer; repeats nothing of what was sent."""
    return [
        FieldError("".join(f"/{part}" for part in one["loc"]), one["msg"])
        for one in error.errors(include_url=False, include_context=False, include_input=False)
    ]
