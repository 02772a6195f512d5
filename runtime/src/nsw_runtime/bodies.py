"""A request's body, whole: never more than its door takes is held of it, and one that says it is larger is not read.

How fast it must come is the connection's to judge (`http_protocol`). Intake reads bodies in its own way (`incoming`),
since it also counts what all of them hold together.
"""

from starlette.requests import ClientDisconnect, Request

from nsw_runtime.problems import Problem


async def read_body(request: Request, most: int) -> bytes:
    """The body, of at most so many bytes.

    Raises:
        Problem: 413, it is larger; 400, the connection ended before it did.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise _too_large(most)
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise _too_large(most)
            parts.append(part)
    except ClientDisconnect:
        raise Problem(
            400, "malformed", "The body is not whole", "The connection ended before the body did. Send it again."
        ) from None
    return b"".join(parts)


def _too_large(most: int) -> Problem:
    return Problem(
        413, "too-large", "The body is too large", f"At most {most:,} bytes in one request; send less in one."
    )
