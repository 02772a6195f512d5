"""Text that Postgres cannot hold: JSON may escape NUL, and Postgres' text and jsonb refuse it.

Found out at the statement, it would roll back its neighbours too, again and again; so it is looked for at the door.
"""

import re
from typing import Final

_ESCAPED_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def holds_nul(json: bytes) -> bool:
    """Whether a JSON text holds an escaped NUL; a bare one is no JSON, and its parser says so."""
    return b"\\u0000" in json and _ESCAPED_NUL.search(json) is not None
