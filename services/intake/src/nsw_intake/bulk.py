"""Many at once: NDJSON, one dossier or one command a line, and a result line for each in the same order.

A line is `{"idempotency_key", "dossier"}` or `{"idempotency_key", "number", "command", "body"}`; with `traceparent`
where it has one. A line that is wrong costs the others nothing.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from nsw_contracts.lifecycle import COMMANDS
from nsw_contracts.number import is_dossier_number
from nsw_runtime.problems import FieldError, Problem
from nsw_runtime.telemetry import Telemetry

from nsw_intake.command_door import CommandReceipt
from nsw_intake.commands import BODIES, Request
from nsw_intake.door import Receipt, Submission, submission
from nsw_intake.errors import invalid, malformed, unknown_dossier
from nsw_intake.incoming import Trace, is_key
from nsw_intake.parsing import filed_now, parse_json, valid, valid_content

SPAN = "POST /v1/dossiers/bulk"
Result = Receipt | CommandReceipt | Problem


class Line(NamedTuple):
    """A line that may be taken in."""

    asked: Submission | Request
    trace: Trace


def read_line(line: bytes, telemetry: Telemetry, today: date) -> Line:
    """What one line asks for.

    Raises:
        Problem: it is not usable; `errors` say where.
    """
    value = parse_json(line)
    if not isinstance(value, dict) or ("dossier" in value) == ("command" in value):
        raise malformed(
            'Each line is {"idempotency_key": …, "dossier": {…}} or {"idempotency_key": …, "number": …, "command": …, '
            '"body": {…}}.',
            [FieldError("/dossier", "give either a dossier or a command")],
        )
    key = value.get("idempotency_key")
    if not is_key(key):
        raise invalid([FieldError("/idempotency_key", "1 to 255 visible ASCII characters are needed")])
    given = value.get("traceparent")
    given = given if isinstance(given, str) else None
    if "command" in value:
        return _command(value, key, telemetry, given)
    content = valid_content(value["dossier"], "/dossier")
    pack = filed_now(content, today, "/dossier")
    trace = Trace(telemetry, SPAN, given)
    return Line(submission(content, pack.version, key, trace.traceparent, "/dossier"), trace)


def _command(value: Mapping[str, Any], key: str, telemetry: Telemetry, given: str | None) -> Line:
    command, number = value["command"], value.get("number")
    if command not in COMMANDS:
        raise invalid([FieldError("/command", f"must be one of {', '.join(COMMANDS)}")])
    if not isinstance(number, str) or not is_dossier_number(number):
        raise unknown_dossier()
    body = valid(BODIES[command], value.get("body"), "/body")
    trace = Trace(telemetry, SPAN, given)
    return Line(Request(number, command, body, key, trace.traceparent), trace)


def result_lines(results: Sequence[Result]) -> bytes:
    """The results as NDJSON, numbered from 1."""
    return b"".join(_result_line(number, result) for number, result in enumerate(results, 1))


def _result_line(number: int, result: Result) -> bytes:
    line: dict[str, Any] = {"line": number}
    if isinstance(result, Problem):
        line |= {"status": result.status, "problem": result.body()}
    else:
        line |= {"status": 202, "receipt": result._asdict()}
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"
