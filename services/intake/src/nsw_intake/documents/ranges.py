"""The part of a document that a request asks for (RFC 9110, section 14): one range of bytes, or all of it."""

import re
from typing import Final, NamedTuple

from nsw_intake.documents.errors import range_unsatisfiable

_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)


class Part(NamedTuple):
    """Bytes from `first` to `last`, both included, of `size`."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.last - self.first + 1

    @property
    def content_range(self) -> str:
        """As the answer's header says it."""
        return f"bytes {self.first}-{self.last}/{self.size}"


def part_of(header: str | None, size: int) -> Part | None:
    """The range that a header asks for; None where it asks for none, for several, or in a way that is not understood.

    Raises:
        Problem: 416, nothing of the document is in it.
    """
    asked = _RANGE.fullmatch(header.strip()) if header else None
    if asked is None or asked.group(1) == asked.group(2) == "":
        return None
    begin, end = asked.groups()
    if begin == "":
        first, last = max(0, size - int(end)), size - 1
    else:
        first, last = int(begin), min(int(end or size), size - 1)
        if end and int(end) < first:
            return None
    if first >= size:
        raise range_unsatisfiable()
    return Part(first, last, size)
