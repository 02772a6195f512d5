"""One operation of intake as it is told to clients. Each route has one; a test finds those that have none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from nsw_runtime.identity import Access
from pydantic import BaseModel

from nsw_intake.errors import KEY_HEADER
from nsw_intake.incoming import JSON
from nsw_intake.signing.errors import HEADER as SIGNATURE_HEADER

Schema = type[BaseModel] | Mapping[str, Any]
"""A model, or a JSON Schema where there is none."""

Tag = Literal["dossiers", "documents", "signatures", "messages", "registrations", "procedures", "operation"]


@dataclass(frozen=True)
class Body:
    """What a request brings. `examples`: by name, in OpenAPI's form; `media` may name several types."""

    schema: Schema
    media: tuple[str, ...] = (JSON,)
    examples: Mapping[str, Any] = field(default_factory=dict)
    says: str = ""


@dataclass(frozen=True)
class Answer:
    """What is answered where nothing is wrong. `headers`: names in `document.HEADERS`.

    `leads_to`: operations that take the answer's `number` in their path.
    """

    says: str
    schema: Schema | None = None
    media: str = JSON
    headers: tuple[str, ...] = ()
    leads_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """`problems`: the statuses of this operation's own; those that follow from access and body are added."""

    method: Literal["GET", "HEAD", "POST", "PUT", "DELETE"]
    path: str
    id: str
    tag: Tag
    access: Access
    summary: str
    answers: Mapping[int, Answer]
    says: str = ""
    parameters: tuple[Mapping[str, Any], ...] = ()
    body: Body | None = None
    problems: tuple[int, ...] = ()


AGENCY_CODE: Final = {"type": "string", "pattern": "^[A-Z]{3,8}$"}
TAX_CODE: Final = {"type": "string", "pattern": "^[0-9]{10}(-[0-9]{3})?$"}
SHA256: Final = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def path_parameter(name: str, says: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter in the path."""
    return {"name": name, "in": "path", "required": True, "description": says, "schema": dict(schema)}


def query(name: str, says: str, schema: Mapping[str, Any], *, required: bool = False) -> dict[str, Any]:
    """A parameter in the query."""
    return {"name": name, "in": "query", "required": required, "description": says, "schema": dict(schema)}


def header(name: str, says: str, schema: Mapping[str, Any], *, required: bool = False) -> dict[str, Any]:
    """A parameter in the head."""
    return {"name": name, "in": "header", "required": required, "description": says, "schema": dict(schema)}


NUMBER: Final = path_parameter(
    "number", "The dossier's number, as on its receipt.", {"type": "string", "pattern": "^[0-9]{12}$"}
)
KEY: Final = header(
    KEY_HEADER,
    "The same for each try of one dossier or command, and of this business alone. A key used again gives the first "
    "receipt; with another body it is refused. Keys are kept as long as their dossiers.",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
    required=True,
)
SIGNATURE: Final = header(
    SIGNATURE_HEADER,
    "Detached JWS in compact form (`<protected>..<signature>`), several separated by commas, over the body's bytes. "
    "The protected header has `alg`, `x5t#S256` (of a registered certificate) and `iat`. Needed where the window asks "
    "for signatures.",
    {"type": "string"},
)
TRACEPARENT: Final = header(
    "traceparent",
    "W3C Trace Context; what is unusable is ignored.",
    {"type": "string", "examples": ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]},
)
