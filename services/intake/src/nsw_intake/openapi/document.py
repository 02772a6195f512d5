"""The OpenAPI 3.1 document. The same code and packs make the same document, on any day."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from nsw_intake.openapi import documents, dossiers, examples, health, procedures, registrations, signing, vnsw
from nsw_intake.openapi.answers import ProblemDetails
from nsw_intake.openapi.operation import Answer, Body, Operation, Schema

_REFERENCE: Final = "#/components/schemas/{model}"
_PROBLEM_MEDIA: Final = "application/problem+json"
_TEXT: Final = {"type": "string"}

HEADERS: Final[dict[str, Any]] = {
    "Location": {"description": "Where what was made can be looked at.", "schema": _TEXT},
    "Retry-After": {"description": "Seconds after which to try again.", "schema": {"type": "integer", "minimum": 1}},
    "WWW-Authenticate": {"description": "How to say who you are.", "schema": _TEXT},
    "ETag": {"description": "Names these very bytes.", "schema": _TEXT},
    "Cache-Control": {"description": "How long they may be kept.", "schema": _TEXT},
    "Content-Disposition": {"description": "The document's name.", "schema": _TEXT},
    "Content-Range": {"description": "Which bytes these are.", "schema": _TEXT},
    "Upload-Offset": {"description": "Bytes that are stored.", "schema": {"type": "integer", "minimum": 0}},
    "Upload-Length": {"description": "Bytes of the whole.", "schema": {"type": "integer", "minimum": 1}},
}

PROBLEMS: Final[dict[int, tuple[str, tuple[str, ...]]]] = {
    400: ("The request cannot be read; `detail` or `errors` say where.", ()),
    401: ("Who calls is not known.", ("WWW-Authenticate",)),
    403: ("Who calls may not do this.", ()),
    404: ("There is none, or none for this caller.", ()),
    408: ("The request came too slowly.", ()),
    409: ("It does not stand so that this can be done.", ()),
    410: ("Its time is over.", ()),
    411: ("Content-Length is needed.", ()),
    413: ("The body is too large.", ()),
    415: ("Another media type is needed.", ()),
    416: ("There is nothing in that range.", ()),
    422: ("It can be read, and is not valid; `errors` name every wrong field.", ()),
    429: ("More than this caller or business may ask for now.", ("Retry-After",)),
    431: ("Request line and headers are too large.", ()),
    500: ("A fault of the window's; the operator has been told.", ()),
    501: ("The window is not set up for this.", ()),
    503: ("Not available now; nothing was taken in.", ("Retry-After",)),
}
_ALWAYS: Final = (400, 429, 431, 503)
_WITH_BODY: Final = (408, 413, 415)
_WITH_ACCESS: Final = (401, 403)


class _Untitled(GenerateJsonSchema):
    """pydantic's generator without a `title` for each property: it only repeats the property's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # the signature is pydantic's
        return False


def operations() -> list[Operation]:
    """Every operation of intake."""
    return [
        *dossiers.operations(),
        *documents.operations(),
        *vnsw.operations(),
        *signing.operations(),
        *registrations.operations(),
        *procedures.operations(),
        *health.operations(),
    ]


@cache
def openapi() -> dict[str, Any]:
    """The document."""
    paths: dict[str, dict[str, Any]] = {}
    for one in operations():
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "National Single Window: intake",
            "version": "1",
            "description": (
                "Businesses file dossiers, ask for changes, pay and look. Every answer that is no success is a problem"
                " (RFC 9457) which says what to do. What is acknowledged with 202 is stored, whatever happens next."
                " A foreign dossier looks like one that does not exist."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": "dossiers", "description": "Filing, and what follows."},
            {"name": "documents", "description": "Files that dossiers refer to."},
            {"name": "signatures", "description": "What is signed with."},
            {"name": "messages", "description": "The window's XML protocol."},
            {"name": "registrations", "description": "Who acts for whom."},
            {"name": "procedures", "description": "The rules as published."},
            {"name": "operation", "description": "For those who run the service."},
        ],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "examples": examples.dossiers(),
            "headers": HEADERS,
            "responses": {f"Problem{status}": _problem(status) for status in PROBLEMS},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An access token of a trusted issuer, or an assertion that a system has signed.",
                },
                "certificate": {"type": "mutualTLS", "description": "A registered client certificate."},
            },
        },
    }


def _operation(one: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {"operationId": one.id, "tags": [one.tag], "summary": one.summary}
    if one.says:
        described["description"] = one.says
    described["security"] = [] if one.access == "public" else [{"bearer": []}, {"certificate": []}]
    if one.parameters:
        described["parameters"] = [dict(parameter) for parameter in one.parameters]
    if one.body is not None:
        described["requestBody"] = _body(one.body)
    answers = {status: _answer(answer) for status, answer in one.answers.items()}
    problems = {*_ALWAYS, *one.problems}
    problems |= set(_WITH_BODY) if one.body is not None else set()
    problems |= set(_WITH_ACCESS) if one.access != "public" else set()
    for status in problems - answers.keys():
        answers[status] = {"$ref": f"#/components/responses/Problem{status}"}
    described["responses"] = {str(status): answers[status] for status in sorted(answers)}
    return described


def _body(body: Body) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": _schema(body.schema)}
    if body.examples:
        content["examples"] = dict(body.examples)
    made: dict[str, Any] = {"required": True, "content": dict.fromkeys(body.media, content)}
    return {"description": body.says, **made} if body.says else made


def _answer(answer: Answer) -> dict[str, Any]:
    made: dict[str, Any] = {"description": answer.says}
    if answer.headers:
        made["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in answer.headers}
    if answer.leads_to:
        number = {"number": "$response.body#/number"}
        made["links"] = {one: {"operationId": one, "parameters": number} for one in answer.leads_to}
    if answer.schema is not None:
        made["content"] = {answer.media: {"schema": _schema(answer.schema)}}
    return made


def _problem(status: int) -> dict[str, Any]:
    says, headers = PROBLEMS[status]
    return _answer(Answer(says, ProblemDetails, _PROBLEM_MEDIA, headers))


def _schema(schema: Schema) -> dict[str, Any]:
    if isinstance(schema, Mapping):
        return dict(schema)
    return {"$ref": _REFERENCE.format(model=schema.__name__)}


def _schemas() -> dict[str, Any]:
    models: dict[str, type[BaseModel]] = {
        model.__name__: model for model in (ProblemDetails, *dossiers.SCHEMAS, *registrations.SCHEMAS)
    }
    for one in operations():
        said = [answer.schema for answer in one.answers.values()]
        for schema in [*said, one.body.schema if one.body is not None else None]:
            if isinstance(schema, type):
                models.setdefault(schema.__name__, schema)
    _, made = models_json_schema(
        [(model, "validation") for model in models.values()], ref_template=_REFERENCE, schema_generator=_Untitled
    )
    schemas: dict[str, Any] = made["$defs"]
    return schemas
