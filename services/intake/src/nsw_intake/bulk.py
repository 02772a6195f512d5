"""Many at once: NDJSON, one dossier or one command a line, and a result line for each in the same order.

A line is `{"idempotency_key", "dossier"}` or `{"idempotency_key", "number", "command", "body"}`; signed, it has `jws`
in the place of `dossier` or `body`: a JWS in JSON form (RFC 7515, section 7.2.1) whose payload is that one's bytes.
With `traceparent` where it has one. A line that is wrong costs the others nothing.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from nsw_contracts.lifecycle import COMMANDS
from nsw_contracts.number import is_dossier_number
from nsw_runtime.identity import Caller, require_acting
from nsw_runtime.problems import FieldError, Problem
from nsw_runtime.telemetry import Telemetry

from nsw_intake.command_door import CommandReceipt
from nsw_intake.commands import BODIES, Request
from nsw_intake.door import Receipt, Submission, submission
from nsw_intake.errors import invalid, malformed, unknown_dossier
from nsw_intake.incoming import Trace, is_key
from nsw_intake.parsing import ERRORS_SHOWN, filed_now, parse_json, valid, valid_content
from nsw_intake.signing.claims import UNSIGNED, Claim, from_line

SPAN = "POST /v1/dossiers/bulk"
_FIELDS: Final = ("idempotency_key", "traceparent", "dossier", "number", "command", "body", "jws")
Result = Receipt | CommandReceipt | Problem


class Line(NamedTuple):
    """A line that may be taken in."""

    asked: Submission | Request
    trace: Trace


def read_line(line: bytes, telemetry: Telemetry, today: date, caller: Caller) -> Line:
    """What one line asks for.

    Raises:
        Problem: it is not usable, or files for a business the caller does not act for; `errors` say where.
    """
    value = parse_json(line)
    if not isinstance(value, dict) or not _is_line(value):
        raise malformed(
            'Each line is {"idempotency_key": …, "dossier": {…}} or {"idempotency_key": …, "number": …, "command": …, '
            '"body": {…}}; signed, with "jws" in the place of "dossier" or "body".',
            [FieldError("/dossier", "give either a dossier or a command")],
        )
    known = ", ".join(_FIELDS)
    unknown = [FieldError(f"/{name}", f"no such field; a line has {known}") for name in value if name not in _FIELDS]
    if unknown:
        raise invalid(unknown[:ERRORS_SHOWN])
    key = value.get("idempotency_key")
    if not is_key(key):
        raise invalid([FieldError("/idempotency_key", "1 to 255 visible ASCII characters are needed")])
    given = value.get("traceparent")
    given = given if isinstance(given, str) else None
    if "command" in value:
        return _command(value, key, telemetry, given)
    said, base, claim = _said(value, "dossier")
    content = valid_content(said, base)
    pack = filed_now(content, today, base)
    require_acting(caller, content.declarant.tax_code, f"{base}/declarant/tax_code")
    trace = Trace(telemetry, SPAN, given)
    return Line(submission(content, pack.version, key, trace.traceparent, base, claim), trace)


def _is_line(value: Mapping[str, Any]) -> bool:
    """Either a dossier or a command, either signed or plain."""
    if "command" in value:
        return "dossier" not in value and not ("jws" in value and "body" in value)
    return ("dossier" in value) != ("jws" in value)


def _said(value: Mapping[str, Any], plain: str) -> tuple[Any, str, Claim]:
    """What the line says, the pointer at which it stands, and what is signed of it.

    Pointers into what was signed go on from `/jws/payload`.
    """
    if "jws" not in value:
        return value.get(plain), f"/{plain}", UNSIGNED
    claim = from_line(value["jws"])
    return parse_json(claim.body), "/jws/payload", claim


def _command(value: Mapping[str, Any], key: str, telemetry: Telemetry, given: str | None) -> Line:
    command, number = value["command"], value.get("number")
    if command not in COMMANDS:
        raise invalid([FieldError("/command", f"must be one of {', '.join(COMMANDS)}")])
    if not isinstance(number, str) or not is_dossier_number(number):
        raise unknown_dossier()
    said, base, claim = _said(value, "body")
    body = valid(BODIES[command], said, base)
    trace = Trace(telemetry, SPAN, given)
    return Line(Request(number, command, body, key, trace.traceparent, claim), trace)


def result_lines(results: Sequence[Result]) -> bytes:
    """The results as NDJSON, numbered from 1."""
    lines = (
        {"status": one.status, "problem": one.body()}
        if isinstance(one, Problem)
        else {"status": 202, "receipt": one._asdict()}
        for one in results
    )
    return b"".join(
        json.dumps({"line": number} | line, ensure_ascii=False).encode() + b"\n" for number, line in enumerate(lines, 1)
    )
