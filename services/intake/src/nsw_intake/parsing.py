"""From bytes to a valid dossier, or to a problem that names every wrong field by its JSON pointer.

Refused before anything else is looked at: other than UTF-8, duplicate keys, NaN, Infinity and numbers that would become
it, NUL, lone surrogates, more than sixty-four levels. The standard library's parser is used because it alone lets
duplicate keys be seen.
"""

import json
from collections.abc import Iterator
from datetime import date
from math import isinf
from typing import Any, Final, NoReturn, TypeVar

from nsw_contracts.events import DossierContent
from nsw_procedures.filing import Fault, faults, pack_for
from nsw_procedures.pack import Pack
from nsw_runtime.problems import FieldError
from pydantic import BaseModel, ValidationError

from nsw_intake.errors import invalid, malformed

M = TypeVar("M", bound=BaseModel)

MAX_DEPTH: Final = 64
ERRORS_SHOWN: Final = 20


class _Duplicate:
    """Stands in the parsed tree where an object named a key twice."""

    def __init__(self, key: str) -> None:
        self.key = key


class _KeyTwice(ValueError):
    """An object names a key twice."""


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise _KeyTwice
    return found


def _marked(members: list[tuple[str, Any]]) -> Any:
    found: dict[str, Any] = {}
    for key, item in members:
        if key in found:
            return _Duplicate(key)
        found[key] = item
    return found


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):  # it would be written on as null
        raise ValueError("a number is too large")
    return number


_STRICT: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_finite)
_MARKING: Final = json.JSONDecoder(object_pairs_hook=_marked, parse_constant=_constant, parse_float=_finite)


def parse_json(body: bytes) -> Any:
    """The JSON value of a body.

    Raises:
        Problem: 400, with the pointer of a duplicate key, a NUL or a lone surrogate.
    """
    key_twice = False
    try:
        text = body.decode()
        try:
            value = _STRICT.decode(text)
        except _KeyTwice:
            value, key_twice = _MARKING.decode(text), True
    except json.JSONDecodeError as error:
        raise malformed(f"Not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from None
    except UnicodeDecodeError as error:
        raise malformed(f"Not UTF-8: byte {error.start} cannot be read.") from None
    except RecursionError:
        raise malformed(f"Nested more than {MAX_DEPTH} levels deep.") from None
    except ValueError:
        raise malformed("It holds NaN, Infinity or a number too large to be kept.") from None
    # The slow walk is for bodies that could hold what it looks for; no honest dossier is nested or escaped like that.
    if key_twice or "\\u" in text or text.count("{") + text.count("[") > MAX_DEPTH:
        wrong = next(_refused(value, "", 0), None)
        if wrong is not None:
            raise malformed("The body holds what JSON for a dossier may not hold; see `errors`.", [wrong])
    return value


def _refused(value: Any, pointer: str, depth: int) -> Iterator[FieldError]:
    if depth > MAX_DEPTH:
        yield FieldError(pointer, f"nested more than {MAX_DEPTH} levels deep")
    elif isinstance(value, _Duplicate):
        yield FieldError(f"{pointer}/{_escape(value.key)}", "this key stands twice in its object; send it once")
    elif isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            yield FieldError(pointer, "holds NUL or half of a surrogate pair; send text only")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _refused(key, pointer, depth)
            yield from _refused(item, f"{pointer}/{_escape(key)}", depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _refused(item, f"{pointer}/{index}", depth + 1)


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
