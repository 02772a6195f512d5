"""The notifier's refusals: what is wrong, and the next step."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from nsw_runtime.problems import FieldError, Problem
from pydantic import ValidationError


def too_many_lines(lines: int) -> Problem:
    """More subscriptions than are taken at once."""
    return Problem(413, "too-large", "The body is too large", f"At most {lines:,} lines in one request.")


def not_found() -> Problem:
    """There is none of this name, or it is another's: the same answer."""
    return Problem(
        404, "no-such-subscription", "There is no such subscription",
        "Look at GET /v1/subscriptions?declarant=TAXCODE for those there are.",
    )  # fmt: skip


def no_delivery() -> Problem:
    """There is nothing of this name that could be sent again."""
    return Problem(
        404, "no-such-delivery", "There is no such delivery to replay",
        "Only what was delivered, and is still kept, can be sent again: see GET …/deliveries?status=delivered.",
    )  # fmt: skip


def invalid(errors: Sequence[FieldError]) -> Problem:
    """Fields that are wrong."""
    return Problem(
        422, "invalid-subscription", "A subscription is not valid", "Correct it and send all again.", errors=errors
    )


def found_wrong(error: ValidationError, where: str = "") -> list[FieldError]:
    """What pydantic found wrong, by JSON pointer."""
    return [
        FieldError("".join(f"/{part}" for part in found["loc"]), f"{where}{found['msg']}")
        for found in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def too_many(most: int) -> Problem:
    """A business has as many subscriptions as one may have."""
    return Problem(
        409, "too-many-subscriptions", "There are too many subscriptions",
        f"A business may have {most}. Remove one with DELETE /v1/subscriptions/ID, then ask again.",
    )  # fmt: skip


def no_mail(where: str) -> Problem:
    """This window sends no e-mails."""
    return invalid([FieldError("/kind", f"{where}this window sends no e-mails; use a webhook or the stream")])


def asked_lately(again: timedelta) -> Problem:
    """It was asked a moment ago."""
    seconds = round(again.total_seconds())
    return Problem(
        429, "asked-lately", "It was asked a moment ago", f"Ask again after {seconds} seconds.", retry_after=seconds
    )


def exists(subscription: str) -> Problem:
    """There is one for this address already."""
    return Problem(
        409, "subscription-exists", "There is a subscription for this address",
        f"It is {subscription}: change it with PATCH, or get a new secret with POST /v1/subscriptions/{subscription}"
        "/secret.",
    )  # fmt: skip


def not_now(state: str, wanted: str) -> Problem:
    """The subscription's state does not allow it."""
    return Problem(
        409, "not-in-this-state", "Not possible in this state",
        f"The subscription is {state}; this needs it to be {wanted}.",
    )  # fmt: skip


def too_much_to_replay(most: int) -> Problem:
    """The range holds more than is sent again at once."""
    return Problem(
        413, "too-large", "There is too much to replay", f"At most {most:,} events at once: ask for a shorter time."
    )


GAP: Final = {
    "vi": "Một số sự kiện không còn được lưu; hãy xem lại hồ sơ của doanh nghiệp trên Cổng.",
    "en": "Some events are not kept any more: look at your dossiers in the window.",
}


def too_many_streams(most: int) -> Problem:
    """A business listens often enough already."""
    return Problem(
        429, "too-many-streams", "Too many streams are open",
        f"A business may have {most}: share one, or close some.", retry_after=5,
    )  # fmt: skip


def stream_paused(subscription: str, state: str) -> Problem:
    """The business has paused its stream."""
    return Problem(
        409, "not-in-this-state", "The stream is paused",
        f"It is {state}: resume it with POST /v1/subscriptions/{subscription}/resume.",
    )  # fmt: skip


def bad_position() -> Problem:
    """What the client says it has is no position."""
    return Problem(
        422, "bad-parameter", "This is no event's id", "Give the id of the last event you have, or none.",
        errors=[FieldError("/last-event-id", "is no whole number")],
    )  # fmt: skip


def no_such_type(unknown: Sequence[str], known: Sequence[str]) -> Problem:
    """There is no such kind of event."""
    return Problem(
        422, "bad-parameter", "There is no such event type", f"There are {', '.join(known)}.",
        errors=[FieldError("/type", f"there is no {', '.join(unknown)}"[:200])],
    )  # fmt: skip
