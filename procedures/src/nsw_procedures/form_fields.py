"""A form's schema as people read it: one row for each field, its name in both languages and what it takes."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class FormField(NamedTuple):
    """One field. `path`: its place in the form, `[]` for a list's items (`vehicles[]/plate`); `takes`: in words."""

    path: str
    en: str
    vi: str
    required: bool
    takes: str


def form_fields(schema: Mapping[str, Any], path: str = "") -> Iterator[FormField]:
    """The fields of an object's schema and of the objects within it, in the schema's order."""
    needed = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        place = f"{path}/{name}" if path else name
        en, vi = str(field.get("title", name)), str(field.get("x-title-vi", ""))
        yield FormField(place, en, vi, name in needed, takes(field))
        if field.get("type") == "object":
            yield from form_fields(field, place)
        elif field.get("type") == "array" and isinstance(field.get("items"), dict):
            yield from form_fields(field["items"], f"{place}[]")


def takes(field: Mapping[str, Any]) -> str:
    """What a field takes: `text, format hs-code`, `whole number, 1 to 5`, `one of: car, truck`."""
    if "const" in field:
        return f"always {field['const']}"
    if "enum" in field:
        return f"one of: {', '.join(str(value) for value in field['enum'])}"
    kind = field.get("type", "anything")
    if kind == "array":
        items = field.get("items")
        of = takes(items) if isinstance(items, dict) else "anything"
        return f"list{_between(field, 'minItems', 'maxItems', ' entries')}; each: {of}"
    if kind == "object":
        return "group of fields"
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "yes or no"}
    said = " or ".join(words.get(one, one) for one in ([kind] if isinstance(kind, str) else kind))
    if "format" in field:
        said += f", format {field['format']}"
    if "pattern" in field:
        said += f", pattern {field['pattern']}"
    return said + _between(field, "minLength", "maxLength", " characters") + _between(field, "minimum", "maximum", "")


def _between(field: Mapping[str, Any], least: str, most: str, unit: str) -> str:
    low, high = field.get(least), field.get(most)
    if low is not None and high is not None:
        return f", {low} to {high}{unit}"
    if low is not None:
        return f", at least {low}{unit}"
    return f", at most {high}{unit}" if high is not None else ""
