"""The operations on dossiers: filing, asking for something afterwards, and looking."""

from typing import Any, Final

from nsw_contracts.events import DossierContent
from nsw_contracts.lifecycle import COMMANDS

from nsw_intake.commands import BODIES
from nsw_intake.incoming import NDJSON
from nsw_intake.openapi import examples
from nsw_intake.openapi.answers import CommandReceipt, DossierReceipt, DossierShown, LineProblem, LineReceipt
from nsw_intake.openapi.operation import KEY, NUMBER, SIGNATURE, TRACEPARENT, Answer, Body, Operation
from nsw_intake.routes import COMMAND_PATHS

_WHEN: Final = {
    "supplement": "The whole dossier, supplemented, in answer to an agency's request.",
    "amendment": "The whole dossier as it is to be: an edit while it waits, a request once an agency has taken it in.",
    "withdrawal": "Take the dossier back: at once while it waits, by request once an agency has taken it in.",
    "payment": "A fee was paid.",
}


_AFTER: Final = ("showDossier", *(f"file{command.capitalize()}" for command in COMMANDS))


def bulk_line() -> dict[str, Any]:
    """A line of a bulk request, as a JSON Schema: a dossier or a command, plain or signed."""
    common = {"idempotency_key": KEY["schema"], "traceparent": {"type": "string"}}
    of_command = common | {"number": NUMBER["schema"], "command": {"enum": list(COMMANDS)}}
    dossier = {"$ref": "#/components/schemas/DossierContent"}
    body = {"type": "object", "description": "As the command's own operation takes it."}
    jws = {
        "type": "object",
        "description": "RFC 7515, section 7.2.1; its payload is the JSON of the dossier, or of the command's body.",
        "required": ["payload", "signatures"],
        "properties": {
            "payload": {"type": "string"},
            "signatures": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["protected", "signature"],
                    "properties": {"protected": {"type": "string"}, "signature": {"type": "string"}},
                },
            },
        },
    }
    return {
        "oneOf": [
            _closed(common, "dossier", dossier),
            _closed(common, "jws", jws),
            _closed(of_command, "body", body),
            _closed(of_command, "jws", jws),
        ]
    }


def _closed(common: dict[str, Any], name: str, schema: dict[str, Any]) -> dict[str, Any]:
    properties = common | {name: schema}
    required = [one for one in properties if one != "traceparent"]
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def operations() -> list[Operation]:
    """The operations."""
    return [
        Operation(
            "POST", "/v1/dossiers", "fileDossier", "dossiers", "declarant", "File a dossier",
            {202: Answer("It is stored, and will be routed.", DossierReceipt, headers=("Location",), leads_to=_AFTER)},
            says="What `form`, goods and documents must be the procedure's pack says: `GET /v1/procedures/{code}`.",
            parameters=(KEY, SIGNATURE, TRACEPARENT),
            body=Body(DossierContent, examples=examples.references()),
            problems=(422,),
        ),
        Operation(
            "POST", "/v1/dossiers/bulk", "fileMany", "dossiers", "declarant", "File many dossiers, or ask for much",
            {
                200: Answer(
                    "A line for each that came, in the same order.",
                    {"type": "array", "items": {"anyOf": [
                        {"$ref": "#/components/schemas/LineReceipt"}, {"$ref": "#/components/schemas/LineProblem"},
                    ]}},
                    media=NDJSON,
                )
            },
            says="A dossier or a command a line, each judged by itself. Lines that are empty count for nothing.",
            body=Body(
                {"type": "array", "items": bulk_line(), "maxItems": 500},
                media=(NDJSON,),
                examples={"two lines": {"value": examples.lines()}},
                says="One JSON value a line; the schema and the example show them as an array.",
            ),
        ),
        *(
            Operation(
                "POST", f"/v1/dossiers/{{number}}/{path}", f"file{command.capitalize()}", "dossiers", "declarant",
                f"File a {command}" if command[0] not in "aeiou" else f"File an {command}",
                {202: Answer("It is stored, and will be decided on.", CommandReceipt, headers=("Location",))},
                says=f"{_WHEN[command]} `in_answer_to` is the revision of what it answers.",
                parameters=(NUMBER, KEY, SIGNATURE, TRACEPARENT),
                body=Body(BODIES[command], examples={command: {"value": examples.commands()[command]}}),
                problems=(404, 409, 422),
            )
            for path, command in COMMAND_PATHS.items()
        ),
        Operation(
            "GET", "/v1/dossiers/{number}", "showDossier", "dossiers", "declarant", "Where a dossier stands",
            {200: Answer("Its status, what may be asked for now, and its timeline.", DossierShown)},
            parameters=(NUMBER,),
            problems=(404,),
        ),
    ]  # fmt: skip


SCHEMAS: Final = (LineReceipt, LineProblem)
"""Models that are referred to by name above."""
