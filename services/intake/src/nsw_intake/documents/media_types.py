"""What a document is, by its first bytes. A declared type counts only when the content says the same.

Some formats begin alike (a Word and an Excel file are both ZIP files): the declared one is believed when it is among
the most likely.
"""

import puremagic

HEAD_BYTES = 64 * 1024
"""More than any format needs to be told."""


def is_of_type(head: bytes, declared: str) -> bool:
    """Whether content that begins so can be of the declared media type. What is not recognised is of no type."""
    try:
        found = puremagic.magic_string(head[:HEAD_BYTES])
    except puremagic.PureError:
        return False
    best = max(one.confidence for one in found)
    return declared in {one.mime_type for one in found if one.confidence == best}
