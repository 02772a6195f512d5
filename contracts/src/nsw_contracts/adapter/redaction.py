"""A logger that strikes out secrets, whatever is logged: in the message, in its arguments, in errors and extras."""

import logging
from collections.abc import Iterable
from typing import Any, Final

STRUCK: Final = "***"
SHORTEST: Final = 6
"""A secret shorter than this would be struck out of ordinary words; such a secret is none."""

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Redaction(logging.Filter):
    """Strikes the values of known secrets out of every record that passes. Put it on handlers and loggers."""

    def __init__(self) -> None:
        super().__init__()
        self._values: tuple[str, ...] = ()

    def know(self, secrets: Iterable[bytes]) -> None:
        """Strike these out from now on; of one with several lines, such as a PEM key, each line too."""
        values = set(self._values)
        for secret in secrets:
            text = secret.decode(errors="replace")
            values.update(part for part in (text, *text.splitlines()) if len(part.strip()) >= SHORTEST)
        values -= {line for line in values if line.startswith("-----")}  # PEM's own lines hold nothing
        self._values = tuple(sorted(values, key=len, reverse=True))

    def strike(self, text: str) -> str:
        """The text without secrets."""
        for value in self._values:
            text = text.replace(value, STRUCK)
        return text

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record pass, struck."""
        if self._values:
            record.msg, record.args = self.strike(record.getMessage()), ()
            for name, value in vars(record).items():
                if name not in _STANDARD:
                    setattr(record, name, self._of(value))
            if record.exc_info:
                record.exc_text = self.strike(record.exc_text or logging.Formatter().formatException(record.exc_info))
                record.exc_info = None
        return True

    def _of(self, value: Any) -> Any:
        if isinstance(value, (int, float, bool, type(None))):
            return value
        return self.strike(value if isinstance(value, str) else str(value))
