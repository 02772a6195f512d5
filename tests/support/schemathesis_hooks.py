"""What schemathesis does not know by itself: NDJSON, a JSON value a line. Loaded by it through SCHEMATHESIS_HOOKS."""

import json
from typing import Any

import schemathesis

NDJSON = "application/x-ndjson"


@schemathesis.serializer(NDJSON)
def write(ctx: schemathesis.SerializationContext, value: Any) -> bytes:
    """The lines of a list; anything else is one line."""
    lines = value if isinstance(value, list) else [value]
    return b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)


@schemathesis.deserializer(NDJSON)
def read(ctx: schemathesis.DeserializationContext, response: schemathesis.Response) -> Any:
    """The list of the lines."""
    return [json.loads(line) for line in response.content.splitlines() if line]
