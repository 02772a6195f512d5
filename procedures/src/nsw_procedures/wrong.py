"""How a pack's own rules say that a field is wrong: an error pydantic reports with the field's place."""

from collections.abc import Sequence

from pydantic_core import PydanticCustomError


def wrong(text: str, place: Sequence[str | int] = ()) -> PydanticCustomError:
    """An error to raise in a validator; braces in the text stay what they are. `place`: where below the field it is."""
    return PydanticCustomError("pack", "{text}", {"text": text, "place": tuple(place)})
