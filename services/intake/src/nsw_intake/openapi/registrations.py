"""The operations by which operators say who acts for whom."""

from typing import Any, Final

from nsw_intake.incoming import NDJSON
from nsw_intake.openapi import examples
from nsw_intake.openapi.answers import RegisteredLines, RevokedCount
from nsw_intake.openapi.operation import Answer, Body, Operation, query
from nsw_intake.registration_lines import RegistrationLine
from nsw_intake.registrations import ROLES

PATH: Final = "/v1/registrations"
_TEXT: Final[dict[str, Any]] = {"type": "string", "minLength": 1}
_ANY: Final[dict[str, Any]] = {"type": "string"}
_LINE: Final[dict[str, Any]] = {"$ref": "#/components/schemas/RegistrationLine"}

SCHEMAS: Final = (RegistrationLine,)
"""Models that are referred to by name here."""


def operations() -> list[Operation]:
    """The operations."""
    issuer, subject = "The issuer of the caller's tokens.", "The caller's name there."
    return [
        Operation(
            "POST", PATH, "register", "registrations", "operator", "Register callers",
            {200: Answer("All of them are in force.", RegisteredLines)},
            says="A registration a line. All of them are made, or none; what is in force already is no change.",
            body=Body(
                {"type": "array", "items": _LINE, "maxItems": 100_000},
                media=(NDJSON,),
                examples={"two": {"value": examples.registrations()}},
                says="One JSON value a line; the schema and the example show them as an array.",
            ),
            problems=(422,),
        ),
        Operation(
            "GET", PATH, "showRegistrations", "registrations", "operator", "The registrations in force",
            {
                200: Answer(
                    "A line each, at most a thousand; `Link` leads to the next ones.",
                    {"type": "array", "items": {"type": "object"}},
                    media=NDJSON,
                )
            },
            parameters=(
                query("issuer", issuer, _ANY), query("subject", subject, _ANY),
                query("party", "A tax code, an agency's code, or NSW.", _ANY),
                query("after", "As `Link` has it.", _ANY),
            ),
        ),
        Operation(
            "DELETE", PATH, "revoke", "registrations", "operator", "Revoke a caller's registrations",
            {200: Answer("They are in force no more.", RevokedCount)},
            says="All of them, or those of a role or party.",
            parameters=(
                query("issuer", issuer, _TEXT, required=True), query("subject", subject, _TEXT, required=True),
                query("role", "A role.", {"enum": list(ROLES)}),
                query("party", "A tax code, an agency's code, or NSW.", _ANY),
            ),
        ),
    ]  # fmt: skip
