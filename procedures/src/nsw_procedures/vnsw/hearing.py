"""From a message's content to a dossier, by the same plan: the inverse of `telling`.

`places` knows the element behind each field of the dossier, so that whatever is found wrong with the dossier
afterwards can be told by the element's path.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree

from nsw_procedures.pack import Pack
from nsw_procedures.vnsw.plan import LINE, Plan
from nsw_procedures.vnsw.reading import read
from nsw_procedures.vnsw.schema import Element, Fault, whole

_DAY: Final = len("2026-03-16")
_ZONE: Final = "+07:00"


_Rows = Mapping[str, tuple[int, dict[str, Any]]]
"""The items now being heard, with their places from 0, by their lists."""


@dataclass(slots=True)
class Heard:
    """What a content says: `data` as a dossier's JSON, what is wrong, and each field's element by JSON pointer."""

    content: str
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def element(self, pointer: str) -> str:
        """The path of the element that a field of the dossier came from, or of the nearest around it."""
        while pointer:
            if pointer in self.places:
                return self.places[pointer]
            pointer = pointer.rpartition("/")[0]
        return self.content


def heard(plan: Plan, node: etree._Element) -> Heard:
    """What this content says."""
    found, faults = read(plan.of, node)
    result = Heard(plan.of.name, faults=faults)
    _Hearer(plan, result).group(plan.of, found, "", plan.of.name, {})
    return result


def dossier_data(pack: Pack, said: Heard, tax_code: str) -> dict[str, Any]:
    """A dossier's JSON from what was heard: with whose it is, and what no element tells (`x-untold`)."""
    data = {name: said.data.get(name, {}) for name in ("declarant", "consignment", "form", "contact")}
    data["declarant"] = data["declarant"] | {"tax_code": tax_code}
    data |= {"procedure": pack.code, "documents": said.data.get("documents", [])}
    data["form"] = _in_order(pack.form, data["form"])
    for place, known in pack.form.get("x-untold", {}).items():
        group, _, name = place.partition("/")
        value, pointer = _untold(known, data)
        data[group] = data[group] | {name: value}
        said.places.setdefault(f"/{place}", said.element(pointer))
    return data


def _in_order(schema: Mapping[str, Any], value: Any) -> Any:
    """A form's value with its fields in the schema's order, so that the same form gives the same bytes."""
    if isinstance(value, dict):
        fields = schema.get("properties", {})
        return {name: _in_order(field, value[name]) for name, field in fields.items() if name in value}
    return [_in_order(schema["items"], item) for item in value] if isinstance(value, list) else value


def _untold(known: str, data: Mapping[str, Any]) -> tuple[Any, str]:
    """The value, and its field's pointer: of `always import`, or `consignment/goods/origin_country, of the first`."""
    if known.startswith("always "):
        return known.removeprefix("always "), ""
    rows, _, name = known.removesuffix(", of the first").rpartition("/")
    group, _, items = rows.rpartition("/")
    first: Mapping[str, Any] = next(iter((data[group] if group else data).get(items, ())), {})
    return first.get(name), f"/{rows}/0/{name}"


class _Hearer:
    def __init__(self, plan: Plan, result: Heard) -> None:
        self._plan = plan
        self._result = result

    def group(
        self,
        of: Element,
        value: Mapping[str, Any],
        path: str,
        shown: str,
        rows: _Rows,
    ) -> None:
        """Hear a group."""
        for child in of.children:
            here, there = f"{path}/{child.name}" if path else child.name, f"{shown}/{child.name}"
            inner = value.get(child.name)
            if child.repeats:
                self._repeated(child, inner or (), here, there)
            elif inner is None:
                self._missing(here, there, rows)
            elif child.children:
                self.group(child, inner, here, there, rows)
            else:
                self._leaf(child, inner, here, there, rows)

    def _repeated(self, of: Element, values: Any, path: str, shown: str) -> None:
        lists = self._plan.rows[path]
        for name in lists:
            self._set(name, [])
            self._result.places.setdefault(f"/{name}", shown)
        for at, value in enumerate(values):
            rows: dict[str, tuple[int, dict[str, Any]]] = {name: (at, {}) for name in lists}
            for name, (_, item) in rows.items():
                _at(self._result.data, name).append(item)
                self._result.places[f"/{name}/{at}"] = f"{shown}[{at + 1}]"
            self.group(of, value, path, f"{shown}[{at + 1}]", rows)
            if len(lists) > 1:
                line = rows[lists[0]][1].get(LINE)
                for name in lists[1:]:
                    rows[name][1][LINE] = line

    def _missing(self, path: str, shown: str, rows: _Rows) -> None:
        source = self._plan.sources.get(path)
        for place in source.places if source is not None and not source.told_only else ():
            self._result.places.setdefault(self._pointer(place, rows), shown)

    def _leaf(self, of: Element, text: str, path: str, shown: str, rows: _Rows) -> None:
        source = self._plan.sources.get(path)
        if source is None or source.told_only:
            return
        if of.kind == "datetime" and not text:
            self._missing(path, shown, rows)
            return
        said = source.read(text)
        if said is None:
            self._result.faults.append(Fault(shown, f"must be written so: {source.text}"))
            return
        for place, part in said.items():
            self._place(place, self._typed(place, of, part), shown, rows)

    def _place(self, place: str, value: Any, shown: str, rows: _Rows) -> None:
        pointer = self._pointer(place, rows)
        for name, (_, item) in rows.items():
            if place.startswith(f"{name}/"):
                item[place[len(name) + 1 :]] = value
                break
        else:
            before = _at(self._result.data, place)
            if before is not None and before != value:
                self._result.faults.append(Fault(shown, f"differs from {self._result.places.get(pointer)}"))
            self._set(place, value)
        self._result.places.setdefault(pointer, shown)

    def _pointer(self, place: str, rows: _Rows) -> str:
        for name, (at, _) in rows.items():
            if place.startswith(f"{name}/"):
                return f"/{name}/{at}{place[len(name) :]}"
        return f"/{place}"

    def _typed(self, place: str, of: Element, text: str) -> Any:
        schema = self._plan.form.get(place)
        if schema is None:
            return _number(of, text)
        match schema.get("type"), schema.get("format"):
            case "integer", _:
                return _number(of, text)
            case "string", "date":
                return text[:_DAY]
            case "string", "date-time":
                return f"{text[:_DAY]}T{text[_DAY + 1 :]}{_ZONE}"
        return text

    def _set(self, place: str, value: Any) -> None:
        *way, last = place.split("/")
        data = self._result.data
        for part in way:
            data = data.setdefault(part, {})
        data[last] = value


def _number(of: Element, text: str) -> Any:
    """A number as the dossier's JSON has it: a whole one as a number, a decimal as text so that no digit is lost."""
    if of.kind in ("short", "long"):
        number = whole(of, text)
        return text if number is None else number
    return text.removeprefix("+") if of.kind == "decimal" else text


def _at(data: Any, place: str) -> Any:
    for part in place.split("/"):
        data = data.get(part) if isinstance(data, Mapping) else None
    return data
