"""A pack's form: a JSON Schema (2020-12) over the procedure's own fields, with formats checked against code lists.

The formats are those of `code_lists.FORMATS` and the standard `date`, `date-time`, `email` and `uri`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import jsonschema_rs

from nsw_procedures.code_lists import FORMAT_SAYS, FORMATS
from nsw_procedures.wrong import wrong

STANDARD_FORMATS: Final = frozenset({"date", "date-time", "email", "uri"})


class FormError(NamedTuple):
    """One thing wrong with a form: the JSON pointer of the field within it, and what to do."""

    pointer: str
    says: str


def checked_form(value: object) -> Mapping[str, Any]:
    """A pack's `form`, if it is a schema the window can judge by.

    Raises:
        PydanticCustomError: it is not; its `place` says where.
    """
    if not isinstance(value, dict) or value.get("type") != "object":
        raise wrong("the form must be a JSON Schema with `type: object`")
    for place, name in _formats(value, ()):
        if name not in FORMATS and name not in STANDARD_FORMATS:
            known = ", ".join(sorted({*FORMATS, *STANDARD_FORMATS}))
            raise wrong(f"no format {name!r}; there are {known}", place)
    try:
        jsonschema_rs.meta.validate(value)
        form_validator(value)
    except (jsonschema_rs.ValidationError, ValueError) as error:
        raise wrong(str(getattr(error, "message", error)), getattr(error, "instance_path", ())) from None
    return value


def form_validator(schema: Mapping[str, Any]) -> Callable[[Any], list[FormError]]:
    """A function that judges a form by this schema; an empty list: nothing is wrong with it."""
    validator = jsonschema_rs.Draft202012Validator(dict(schema), formats=dict(FORMATS), validate_formats=True)

    def errors(form: Any) -> list[FormError]:
        if validator.is_valid(form):
            return []
        return [FormError(_pointer(error.instance_path), _says(error)) for error in validator.iter_errors(form)]

    return errors


def _says(error: jsonschema_rs.ValidationError) -> str:
    """The error in words; a code list's format says what it wants."""
    for name, (_, en) in FORMAT_SAYS.items():
        if error.schema_path and error.schema_path[-1] == "format" and f'"{name}"' in error.message:
            return en
    return str(error.message)


def _pointer(path: Any) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _formats(schema: Any, place: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "format" and isinstance(value, str):
                yield (*place, "format"), value
            else:
                yield from _formats(value, (*place, key))
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from _formats(value, (*place, index))
