"""Logs: one JSON object a line, whatever is in it."""

import json
import logging
import sys

from nsw_runtime.logs import JsonFormatter

FORMAT = JsonFormatter("intake")


def record(text: str, *args: object, level: int = logging.WARNING, **extra: object) -> logging.LogRecord:
    made = logging.getLogger("nsw_runtime.relay").makeRecord(
        "nsw_runtime.relay", level, __file__, 1, text, args, None, extra=extra or None
    )
    made.created = 1_772_442_000.25
    return made


def test_a_line_says_when_what_and_who() -> None:
    assert json.loads(FORMAT.format(record("%d facts sent", 3))) == {
        "at": "2026-03-02T09:00:00.250+00:00",
        "level": "warning",
        "service": "intake",
        "logger": "nsw_runtime.relay",
        "message": "3 facts sent",
    }


def test_what_the_call_gave_stands_beside_it_and_nothing_else() -> None:
    said = json.loads(FORMAT.format(record("parked", dossier="260000000017", reason=ValueError("đã đóng"))))
    assert {name: said[name] for name in set(said) - {"at", "level", "service", "logger", "message"}} == {
        "dossier": "260000000017",
        "reason": "đã đóng",
    }


def test_many_lines_of_text_stay_one_line() -> None:
    made = record("a\nfault", level=logging.CRITICAL)
    try:
        int("first\nsecond")
    except ValueError:
        made.exc_info = sys.exc_info()
    line = FORMAT.format(made)
    assert "\n" not in line
    said = json.loads(line)
    assert said["message"] == "a\nfault"
    assert "ValueError: invalid literal" in said["exception"]
