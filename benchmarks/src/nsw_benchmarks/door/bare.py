"""The bare door: reads a body, verifies its ES256 signature, commits the same bytes with others', answers 202.

Nothing else is done, and nothing is checked that the signature does not need: this is what the libraries and the
database cost. Told by the environment: `DATABASE_URL`, `NSW_HTTP_PORT`, and `NSW_BARE_KEYS`, a file of public keys in
PEM by the base64url of their certificates' SHA-256.
"""

import gc
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

import asyncpg
import uvicorn
import uvloop
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from nsw_runtime.group_commit import GroupCommit
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

TABLE: Final = (
    "create table if not exists bare_door (id bigint generated always as identity, body text, signature text)"
)
GATHER_SECONDS: Final = 0.002
MOST_A_COMMIT: Final = 1000
_ECDSA: Final = ec.ECDSA(SHA256())

Item = tuple[str, str]


class BareDoor:
    """The endpoint and its commits."""

    def __init__(self, connection: Any, keys: dict[str, ec.EllipticCurvePublicKey]) -> None:
        self._connection = connection
        self._keys = keys
        self._commits = GroupCommit(self._commit, gather_seconds=GATHER_SECONDS, most=MOST_A_COMMIT)

    async def take(self, request: Request) -> Response:
        """`POST /v1/dossiers`: 202 when the bytes are committed, 422 when the signature does not hold."""
        body = await request.body()
        signature = request.headers["nsw-signature"]
        try:
            self._verify(signature, body)
        except InvalidSignature:
            return Response(status_code=422)
        await self._commits.submit([(body.decode(), signature)])
        return Response(b'{"status":"submitted"}', status_code=202, media_type="application/json")

    def _verify(self, jws: str, body: bytes) -> None:
        """In this thread: on few cores a hop to another costs more than it frees."""
        protected, _, signature = jws.partition("..")
        header = json.loads(urlsafe_b64decode(protected + "=="))
        raw = urlsafe_b64decode(signature + "==")
        der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        signed = protected.encode() + b"." + urlsafe_b64encode(body).rstrip(b"=")
        self._keys[header["x5t#S256"]].verify(der, signed, _ECDSA)

    async def _commit(self, items: Sequence[Item]) -> Sequence[None]:
        await self._connection.copy_records_to_table("bare_door", records=items, columns=("body", "signature"))
        return [None] * len(items)


def read_keys(file: Path) -> dict[str, ec.EllipticCurvePublicKey]:
    """The public keys that signatures are verified with."""
    named = json.loads(file.read_bytes())
    return {name: cast("ec.EllipticCurvePublicKey", load_pem_public_key(pem.encode())) for name, pem in named.items()}


async def main(keys: dict[str, ec.EllipticCurvePublicKey]) -> None:
    """Serve until SIGTERM."""
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    await connection.execute(TABLE)
    door = BareDoor(connection, keys)
    routes = [
        Route("/v1/dossiers", door.take, methods=["POST"]),
        Route("/readyz", lambda _: Response(b"{}"), methods=["GET"]),
    ]
    config = uvicorn.Config(
        Starlette(routes=routes), port=int(os.environ["NSW_HTTP_PORT"]), http="httptools", ws="none",
        log_level="warning", access_log=False, timeout_graceful_shutdown=2,
    )  # fmt: skip
    gc.freeze()
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    uvloop.run(main(read_keys(Path(os.environ["NSW_BARE_KEYS"]))))
