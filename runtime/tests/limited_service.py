"""A real service process without Kafka or Postgres, for tests of the door that every service has."""

import asyncio
from hashlib import sha256

from nsw_runtime.bodies import read_body
from nsw_runtime.problems import Problem
from nsw_runtime.server import run
from nsw_runtime.settings import ServiceSettings
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

SEEN: dict[str, int] = {"taken": 0, "gone": 0, "malformed": 0, "too-large": 0}


async def take(request: Request) -> Response:
    try:
        body = await request.body()
    except ClientDisconnect:
        SEEN["gone"] += 1
        raise
    SEEN["taken"] += 1
    return JSONResponse({"bytes": len(body)})


async def bounded(request: Request) -> Response:
    try:
        return JSONResponse({"bytes": len(await read_body(request, 1000))})
    except Problem as problem:
        SEEN[problem.kind] += 1
        return problem.response()


async def unread(_: Request) -> Response:
    return JSONResponse({}, status_code=413)


async def slow(_: Request) -> Response:
    await asyncio.sleep(0.5)
    return JSONResponse({"slow": True})


async def much(_: Request) -> Response:
    async def pieces():
        while True:
            yield b"x" * 1_000_000
            await asyncio.sleep(0)

    return StreamingResponse(pieces())


async def peer(request: Request) -> Response:
    tls = request.scope.get("extensions", {}).get("tls")
    der = tls["peer_certificate"] if tls else None
    return JSONResponse({"scheme": request.url.scheme, "tls": bool(tls), "sha256": der and sha256(der).hexdigest()})


async def seen(_: Request) -> Response:
    return JSONResponse(SEEN)


def build(_: ServiceSettings) -> Starlette:
    return Starlette(
        routes=[
            Route("/take", take, methods=["POST"]),
            Route("/bounded", bounded, methods=["POST"]),
            Route("/unread", unread, methods=["POST"]),
            Route("/slow", slow),
            Route("/much", much),
            Route("/peer", peer),
            Route("/seen", seen),
        ]
    )


if __name__ == "__main__":
    run(ServiceSettings, build)
