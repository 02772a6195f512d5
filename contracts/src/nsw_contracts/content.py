"""A dossier's content is written as JSON once, by intake, and its bytes travel on unchanged.

The digest on the receipt is over those bytes, and writing them again at each hop would cost more than all else there.
`content` is the last field of every fact that has one.
"""

from typing import Final

_FIELD: Final = b',"content":'


def with_content(head: bytes, content: bytes) -> bytes:
    """The JSON of a fact, from the JSON of its head (an object with at least one field) and its content's bytes."""
    return head[:-1] + _FIELD + content + b"}"


def has_content(fact: bytes) -> bool:
    """Whether the JSON of a fact has a content that is an object."""
    return _FIELD + b"{" in fact


def content_of(fact: bytes) -> bytes:
    """The content's bytes in the JSON of a fact. No string before it looks like the field: its quotes are escaped."""
    return fact[fact.index(_FIELD) + len(_FIELD) : -1]
