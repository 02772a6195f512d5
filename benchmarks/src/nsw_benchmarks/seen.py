"""What a simulator has seen: each id's first arrival, in order of arrival, and how many copies followed."""

from collections import Counter
from itertools import islice
from typing import Any, Generic, TypeVar

import orjson

Record = TypeVar("Record", bound=tuple[Any, ...])


class Seen(Generic[Record]):
    """First arrivals by id; `fields` name a record's values in the dump."""

    def __init__(self, id_field: str, fields: tuple[str, ...]) -> None:
        self._id_field = id_field
        self._fields = fields
        self._first: dict[str, Record] = {}
        self._repeats: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._first)

    @property
    def wire_repeats(self) -> int:
        """Arrivals beyond the first, over all ids."""
        return self._repeats.total()

    def arrived(self, key: str, record: Record) -> Record:
        """Note an arrival; gives the first arrival's record, which on a repeat is not this one."""
        first = self._first.setdefault(key, record)
        if first is not record:
            self._repeats[key] += 1
        return first

    def page(self, offset: int, limit: int | None) -> bytes:
        """`limit` arrivals (None: all) from `offset` on as NDJSON: the id, the fields, `copies` from 1."""
        stop = None if limit is None else offset + limit
        return b"".join(
            orjson.dumps(
                {
                    self._id_field: key,
                    **dict(zip(self._fields, record, strict=True)),
                    "copies": 1 + self._repeats.get(key, 0),
                },
                option=orjson.OPT_APPEND_NEWLINE,
            )
            for key, record in islice(self._first.items(), offset, stop)
        )
