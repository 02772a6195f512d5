"""From bytes to a valid dossier, or to a problem that names every wrong field by its JSON pointer.

Refused before anything else is looked at: other than UTF-8, duplicate keys, NaN, Infinity, numbers that would become it
or that 64 bits do not hold, NUL, lone surrogates, more than sixty-four levels or fifty thousand values. The standard
library's parser is used because it alone lets duplicate keys be seen, except where a faster one shows that there was
nothing to be seen (`_said_again`); how much they cost stands in docs/architecture/door.md.
"""

import json
from collections.abc import Iterator
from datetime import date
from math import isinf
from typing import Any, Final, NoReturn, TypeVar

import orjson
from nsw_contracts.events import DossierContent
from nsw_procedures.filing import Fault, faults, pack_for
from nsw_procedures.pack import Pack
from nsw_runtime.problems import FieldError
from pydantic import BaseModel, ValidationError

from nsw_intake.errors import invalid, malformed

M = TypeVar("M", bound=BaseModel)

MAX_DEPTH: Final = 64
MAX_VALUES: Final = 50_000  # a cruise ship's list of five thousand people with nine fields each
WHOLE_DIGITS: Final = (
    18  # of a whole number, its sign with them: 64 bits hold it, and with it every reader of ours and of the agencies'
)
ERRORS_SHOWN: Final = 20
_DIGITS: Final = bytes.maketrans(b"123456789", b"000000000")
_MANY_DIGITS: Final = b"0" * WHOLE_DIGITS
_BOM: Final = b"\xef\xbb\xbf"


class _Wrong:
    """Stands in the parsed tree where something was read that may not be there; `key`: at that key of its object."""

    def __init__(self, says: str, key: str | None = None) -> None:
        self.says = says
        self.key = key


class _Refused(ValueError):
    """Something was read that may not be there; reading again with marks says where."""


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise _Refused
    return found


def _constant(_: str) -> NoReturn:
    raise _Refused


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):  # it would be written on as null
        raise _Refused
    return number


def _whole(text: str) -> int:
    if len(text) > WHOLE_DIGITS:
        raise _Refused
    return int(text)


def _marked_object(members: list[tuple[str, Any]]) -> Any:
    found: dict[str, Any] = {}
    for key, item in members:
        if key in found:
            return _Wrong("this key stands twice in its object; send it once", key)
        found[key] = item
    return found


def _marked_constant(text: str) -> _Wrong:
    return _Wrong(f"{text} is no number in JSON; leave the field out, or send null where the form takes it")


def _marked_finite(text: str) -> Any:
    return _Wrong("this number is too large to be kept; send it as text") if isinf(float(text)) else 0.0


def _marked_whole(text: str) -> Any:
    return _Wrong("this number is too large to be kept; send it as text") if len(text) > WHOLE_DIGITS else 0


_STRICT: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_float=_finite, parse_int=_whole
)
_MARKING: Final = json.JSONDecoder(
    object_pairs_hook=_marked_object,
    parse_constant=_marked_constant,
    parse_float=_marked_finite,
    parse_int=_marked_whole,
)


def parse_json(body: bytes) -> Any:
    """The JSON value of a body.

    Raises:
        Problem: 400, with the line and column, the byte or the JSON pointer of what may not be there.
    """
    refused = False
    try:
        text = body.decode()
        openings, values = _at_most(text)
        if values > 4 * MAX_VALUES:  # not worth reading, and nothing that is has as many commas in its texts
            raise malformed(f"It holds more than {MAX_VALUES:,} values.")
        try:
            value = _said_again(body) or _STRICT.decode(text)
        except _Refused:
            value, refused = _MARKING.decode(text), True
    except json.JSONDecodeError as error:
        if body.startswith(_BOM):
            raise malformed("It begins with a byte order mark; leave that out.") from None
        raise malformed(f"Not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from None
    except UnicodeDecodeError as error:
        raise malformed(f"Not UTF-8: byte {error.start} cannot be read.") from None
    except RecursionError:
        raise malformed(f"Nested more than {MAX_DEPTH} levels deep.") from None
    # The slow walk is for bodies that could hold what it looks for; no honest dossier is nested or escaped like that.
    if refused or "\\u" in text or openings > MAX_DEPTH or values > MAX_VALUES:
        wrong = next(_Walk().refused(value, "", 0), None)
        if wrong is not None:
            raise malformed("The body holds what JSON for a dossier may not hold; see `errors`.", [wrong])
    return value


def _said_again(body: bytes) -> Any:
    """The value of a body that is the same, byte for byte, when its value is written down; else None.

    Then nothing was lost in the reading: no key stood twice, no number was too large. What this does not show is left
    to the strict reader: escapes, which may stand for what is refused, and numbers of so many digits that they must be
    looked at. It reads most bodies, since programs write JSON as it does, and takes half as long.
    """
    if b"\\u" in body or b'": ' in body or _MANY_DIGITS in body.translate(_DIGITS):
        return None
    try:
        value = orjson.loads(body)
        return value if orjson.dumps(value) == body else None
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):  # what it cannot read, or nests too deeply to be written
        return None


def _at_most(text: str) -> tuple[int, int]:
    """How many objects and lists a text opens, and how many values it holds, at most: texts within count too."""
    openings = text.count("{") + text.count("[")
    return openings, openings + text.count(",") + 1


class _Walk:
    """One walk through a parsed tree, which counts the values it has passed."""

    def __init__(self) -> None:
        self._values = 0

    def refused(self, value: Any, pointer: str, depth: int) -> Iterator[FieldError]:
        """What may not be there, in the order in which it stands."""
        own = self._own(value, pointer, depth)
        if own is not None:
            yield own
        elif isinstance(value, dict):
            for key, item in value.items():
                if _unkept(key):
                    yield FieldError(pointer, "a key holds NUL or half of a surrogate pair; send text only")
                yield from self.refused(item, f"{pointer}/{_escape(key)}", depth + 1)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.refused(item, f"{pointer}/{index}", depth + 1)

    def _own(self, value: Any, pointer: str, depth: int) -> FieldError | None:
        self._values += 1
        if self._values > MAX_VALUES:
            return FieldError(pointer, f"{MAX_VALUES:,} values stand before this one; send no more than that")
        if depth > MAX_DEPTH:
            return FieldError(pointer, f"nested more than {MAX_DEPTH} levels deep")
        if isinstance(value, _Wrong):
            return FieldError(pointer if value.key is None else f"{pointer}/{_escape(value.key)}", value.says)
        if isinstance(value, str) and _unkept(value):
            return FieldError(pointer, "holds NUL or half of a surrogate pair; send text only")
        return None


def _unkept(text: str) -> bool:
    """Whether a text holds what neither Postgres nor UTF-8 can."""
    return "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text)


def _escape(part: object) -> str:
    return str(part).encode("utf-8", "replace").decode().replace("~", "~0").replace("/", "~1")


def valid_content(value: Any, base: str = "") -> DossierContent:
    """The dossier in a parsed body; `base` is the pointer at which it stands.

    Raises:
        Problem: 422, with one entry for each wrong field.
    """
    return valid(DossierContent, value, base)


def valid(model: type[M], value: Any, base: str = "") -> M:
    """A model from a parsed value; `base` is the pointer at which the value stands.

    Raises:
        Problem: 422, with one entry for each wrong field.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        # A list whose items are wrong is also said to be too short; the items say enough.
        around = {one["loc"][:length] for one in found for length in range(len(one["loc"]))}
        raise invalid(
            FieldError(base + "".join(f"/{_escape(part)}" for part in one["loc"]), one["msg"])
            for one in [one for one in found if one["loc"] not in around][:ERRORS_SHOWN]
        ) from None


def filed_now(content: DossierContent, on: date, base: str = "") -> Pack:
    """The pack by which a dossier filed on a local day is judged, when it finds nothing wrong.

    Raises:
        Problem: 422, the procedure takes no dossiers, or the dossier is not what it asks for.
    """
    pack = pack_for(content.procedure, on)
    if isinstance(pack, Fault):
        raise invalid([FieldError(base + pack.pointer, pack.says)])
    judged(pack, content, base)
    return pack


def judged(pack: Pack, content: DossierContent, base: str = "") -> None:
    """Judge a dossier by a pack.

    Raises:
        Problem: 422, it is not what the pack asks for.
    """
    wrong = faults(pack, content)
    if wrong:
        raise invalid(FieldError(base + fault.pointer, fault.says) for fault in wrong[:ERRORS_SHOWN])
