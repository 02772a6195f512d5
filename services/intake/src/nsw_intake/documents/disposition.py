"""`Content-Disposition` (RFC 6266) for a name that a business gave: always a download, and only ever a file's name."""

import re
import unicodedata
from typing import Final
from urllib.parse import quote

_LONGEST: Final = 150  # characters; file systems take 255 bytes
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9._ -]")


def attachment(name: str) -> str:
    """The header's value: the name in ASCII for old clients, and as it is, without what is no part of a file's name.

    Separators of folders, control characters and marks that turn the direction of text are left out.
    """
    kept = "".join(one for one in name if one not in '/\\"' and unicodedata.category(one)[0] != "C")
    kept = kept.strip(" .")[-_LONGEST:] or "document"
    plain = _NOT_PLAIN.sub("_", unicodedata.normalize("NFKD", kept).encode("ascii", "ignore").decode()) or "document"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(kept, safe='')}"
