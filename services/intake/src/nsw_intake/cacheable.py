"""Answers that anyone may keep for a while, and ask for again by their ETag. They name the day they are about."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

CACHE_SECONDS: Final = 300


def cacheable(request: Request, body: Mapping[str, Any]) -> Response:
    """The answer with its ETag, or 304 where the client has this very one."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": f"public, max-age={CACHE_SECONDS}"}
    held = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if tag in held or "*" in held:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)
