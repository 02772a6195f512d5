"""The operations that publish the rules, and this document."""

from typing import Any, Final

from nsw_contracts.topics import AGENCIES
from nsw_procedures.search import HS_PREFIX

from nsw_intake.openapi.answers import ProceduresFound, ProcedureShown
from nsw_intake.openapi.operation import Answer, Operation, header, path_parameter, query
from nsw_intake.procedures import Listed, Shown

SAME: Final = header("If-None-Match", "The ETag of what the client has.", {"type": "string"})
_SAYS: Final = {
    "on": "A local day; today where it is left out.",
    "text": "Words of the code or the names, with or without their accents.",
    "hs": "An HS code or its first digits: procedures about such goods.",
    "agency": "A ministry's code: where it leads or coordinates.",
    "stage": "A stage of a procedure's life.",
    "placeholders": "Whether procedures are wanted whose rules are not known yet.",
    "limit": "At most so many.",
    "offset": "After so many.",
    "version": "A version of the rules, of any day.",
}
_NARROWED: Final[dict[str, Any]] = {
    "hs": {"type": "string", "pattern": f"^({HS_PREFIX})?$"},
    "agency": {"enum": ["", *AGENCIES]},
}
_HEADERS: Final = ("ETag", "Cache-Control")
_SAME_AS_HELD: Final = Answer("The client has it.", headers=_HEADERS)


def operations() -> list[Operation]:
    """The operations."""
    code = path_parameter("code", "The procedure's code.", {"type": "string", "pattern": "^[A-Z]{3,8}[0-9]{7}$"})
    return [
        Operation(
            "GET", "/v1/procedures", "findProcedures", "procedures", "public", "Find procedures",
            {200: Answer("Those that fit.", ProceduresFound, headers=_HEADERS), 304: _SAME_AS_HELD},
            parameters=(*_parameters(Listed), SAME),
        ),
        Operation(
            "GET", "/v1/procedures/{code}", "showProcedure", "procedures", "public", "A procedure's rules",
            {200: Answer("Its pack.", ProcedureShown, headers=_HEADERS), 304: _SAME_AS_HELD},
            parameters=(code, *_parameters(Shown), SAME),
            problems=(404,),
        ),
        Operation(
            "GET", "/v1/openapi.json", "openapi", "procedures", "public", "This document",
            {200: Answer("OpenAPI 3.1.", {"type": "object"}, headers=_HEADERS), 304: _SAME_AS_HELD},
            parameters=(SAME,),
        ),
    ]  # fmt: skip


def _parameters(model: type[Listed | Shown]) -> list[dict[str, Any]]:
    """A query's parameters from its model. A query has no null: a parameter that may be left out is left out."""
    found = []
    for name, given in model.model_json_schema()["properties"].items():
        schema = {key: value for key, value in given.items() if key not in {"title", "anyOf"}}
        kinds = [kind for kind in given.get("anyOf", ()) if kind.get("type") != "null"]
        if kinds:
            schema = kinds[0]
        found.append(query(name, _SAYS[name], _NARROWED.get(name, schema)))
    return found
