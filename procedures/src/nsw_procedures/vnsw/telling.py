"""From a dossier to a message's content, by a plan. Whatever of the dossier the message cannot carry is a fault.

A fault names the element, and `pointers` the dossier's own field behind each element, as a JSON pointer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree

from nsw_procedures.vnsw.plan import LINE, Plan
from nsw_procedures.vnsw.schema import Element, Fault
from nsw_procedures.vnsw.sources import Source
from nsw_procedures.vnsw.writing import build

_DAY: Final = len("2026-03-16")
_MIDNIGHT: Final = " 00:00:00"


class Untold(ValueError):
    """The message cannot carry what it should; `pointers` are the dossier's fields behind the faults' paths."""

    def __init__(self, faults: Sequence[Fault], pointers: Mapping[str, str]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)
        self.pointers = dict(pointers)


@dataclass(slots=True)
class _Row:
    """One row of what repeats: the item of each list, and the item's place in its list from 0."""

    items: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    at: dict[str, int] = field(default_factory=dict)


def told(plan: Plan, data: Mapping[str, Any]) -> etree._Element:
    """The content that tells this. `data` is a dossier's JSON, with `number`, `reason`, `filed_at` where there are any.

    Raises:
        Untold: the message cannot carry it.
    """
    teller = _Teller(plan, data)
    value = teller.group(plan.of, "", plan.of.name, _Row())
    node, faults = build(plan.of, value)
    faults = [*teller.faults, *faults]
    if faults:
        finder = _Teller(plan, data, pointing=True)  # most dossiers can be told, and then nobody asks where from
        finder.group(plan.of, "", plan.of.name, _Row())
        raise Untold(faults, finder.pointers)
    return node


class _Teller:
    def __init__(self, plan: Plan, data: Mapping[str, Any], *, pointing: bool = False) -> None:
        self._plan = plan
        self._data = data
        self._pointing = pointing
        self.faults: list[Fault] = []
        self.pointers: dict[str, str] = {}

    def group(self, of: Element, path: str, shown: str, row: _Row) -> dict[str, Any]:
        """What a group's elements tell; `path` is its place in the plan, `shown` its place in this message."""
        value: dict[str, Any] = {}
        for child in of.children:
            here = f"{path}/{child.name}" if path else child.name
            if child.repeats:
                rows = self._rows(here)
                if rows is not None:
                    value[child.name] = [
                        self.group(child, here, f"{shown}/{child.name}[{index}]", one)
                        for index, one in enumerate(rows, start=1)
                    ]
            elif child.children:
                inner = self.group(child, here, f"{shown}/{child.name}", row)
                if inner or not child.optional:
                    value[child.name] = inner
            else:
                source = self._plan.sources.get(here)
                text = None if source is None else self._text(child, source, f"{shown}/{child.name}", row)
                if text is not None:
                    value[child.name] = text
        return value

    def _text(self, of: Element, source: Source, shown: str, row: _Row) -> str | None:
        if self._pointing:
            self.pointers[shown] = self._pointer(source.places[0], row)
        text = source.tell(lambda place: self._look(place, row))
        if text is None:
            return None
        if source.parts:
            read = source.read(text)
            if read is None or any(str(self._look(place, row)) != said for place, said in read.items()):
                self.faults.append(Fault(shown, f"cannot be told so that it is understood again: {source.text}"))
        if source.how == "as much as fits" and of.longest is not None and len(text) > of.longest:
            return f"{text[: of.longest - 1]}…"
        if of.kind in ("datetime", "moment") and len(text) == _DAY:
            return text + _MIDNIGHT
        return text

    def _look(self, place: str, row: _Row) -> Any:
        name, way = self._plan.lists[place]
        if not name:
            data: Any = self._data
            for part in way:
                data = data.get(part) if isinstance(data, Mapping) else None
            return data
        if name not in row.items:
            return None
        return row.items[name].get(way[0]) if way else row.at[name] + 1

    def _pointer(self, place: str, row: _Row) -> str:
        name, way = self._plan.lists[place]
        if not name:
            return f"/{place}"
        return "/".join(("", name, str(row.at[name]), *way)) if name in row.at else f"/{name}"

    def _rows(self, path: str) -> list[_Row] | None:
        """A row for each item of the leading list; the others stand beside it by their line."""
        lists = self._plan.rows[path]
        leading = _at(self._data, lists[0]) if lists else None
        if leading is None:
            return None
        rows = [_Row({lists[0]: item}, {lists[0]: at}) for at, item in enumerate(leading)]
        for name in lists[1:]:
            by_line = {row.items[lists[0]].get(LINE): row for row in rows}
            for at, item in enumerate(_at(self._data, name) or ()):
                row = by_line.get(item.get(LINE))
                if row is None or name in row.items:
                    shown = f"{self._plan.of.name}/{path}"
                    self.pointers[shown] = f"/{name}/{at}/{LINE}"
                    self.faults.append(Fault(shown, f"is about line {item.get(LINE)}, which is none or told already"))
                else:
                    row.items[name], row.at[name] = item, at
        return rows


def _at(data: Any, place: str) -> Any:
    for part in place.split("/"):
        data = data.get(part) if isinstance(data, Mapping) else None
    return data
