"""A drop: the folders in which window and agency leave files for each other, wherever they are.

A file is there whole or not at all: it is written under another name and renamed. Nothing is ever written over.
"""

import re
from typing import Final, Protocol

TO_AGENCY: Final = "to-agency"
TO_AGENCY_ACKS: Final = "to-agency/acks"
FROM_AGENCY: Final = "from-agency"
FROM_AGENCY_ACKS: Final = "from-agency/acks"
DONE: Final = "done"
UNREADABLE: Final = "unreadable"
FOLDERS: Final = (
    TO_AGENCY,
    TO_AGENCY_ACKS,
    f"{TO_AGENCY_ACKS}/{DONE}",
    f"{TO_AGENCY_ACKS}/{UNREADABLE}",
    FROM_AGENCY,
    FROM_AGENCY_ACKS,
    f"{FROM_AGENCY}/{DONE}",
    f"{FROM_AGENCY}/{UNREADABLE}",
)
"""All folders of a drop, below its root. They are made once, by hand, with the rights that each side needs."""

SUFFIX: Final = ".jws"
PART: Final = ".part"
"""What a file's name ends with until it is whole; such files are never looked at."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\.jws")


class NotDropped(Exception):
    """The file is certainly not there, and may be put there later."""


class PerhapsDropped(Exception):
    """The connection broke while the file got its name: it may be there."""


class BadDrop(Exception):
    """A folder, a right or a login is missing: somebody must mend it."""


class Drop(Protocol):
    """Files by folder and name. Any method raises NotDropped where the place cannot be reached, BadDrop as above."""

    async def put(self, folder: str, name: str, content: bytes) -> None:
        """Put a file there, whole. One of this name that is there already stays as it is.

        Raises:
            PerhapsDropped: it may be there or not.
        """
        ...

    async def names(self, folder: str) -> list[str]:
        """The names of the whole files in a folder, sorted; only those named as a drop's files are."""
        ...

    async def read(self, folder: str, name: str, most: int) -> bytes | None:
        """A file's content, one byte more than `most` of a longer one; None where it is gone."""
        ...

    async def move(self, folder: str, name: str, to: str) -> None:
        """Move a file to a folder below; one that is gone is no error, one that is there is replaced."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


def is_name(name: str) -> bool:
    """Whether a file of a drop may be named so: letters, digits, `_` and `-`, then `.jws`."""
    return _NAME.fullmatch(name) is not None
