"""Mutual TLS from end to end: a system registered by its certificate is let in by its connection alone."""

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
from nsw_cli.system import OPERATOR
from nsw_contracts.registration_facts import CERTIFICATE
from support.businesses import Business, pack_today
from support.certificates import make_certificate
from support.live import Live
from support.polling import until

PROCEDURE = "BYTE0600001"


class Intake:
    """Intake with TLS on its own door."""

    def __init__(self, live: Live, trusted: Path) -> None:
        self._url = live.intake.replace("http://", "https://")
        self._trusted = trusted

    async def ask(self, path: str, shows: Path | None = None, method: str = "GET", **options: Any) -> tuple[int, Any]:
        """Status and JSON of a request over a connection of its own, made with this certificate."""
        context = ssl.create_default_context(cafile=self._trusted)
        if shows is not None:
            context.load_cert_chain(shows, shows.with_suffix(".key"))
        connector = aiohttp.TCPConnector(ssl=context, force_close=True)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.request(method, self._url + path, **options) as answer,
        ):
            return answer.status, await answer.json(content_type=None)

    async def ready(self) -> bool:
        try:
            return (await self.ask("/readyz"))[0] == 200
        except aiohttp.ClientError:
            return False


@asynccontextmanager
async def behind_tls(live: Live, folder: Path, *clients: Path) -> AsyncIterator[Intake]:
    """Intake's process with TLS, trusting these clients' certificates."""
    _, server = make_certificate(folder, "127.0.0.1")
    trusted = folder / "clients.pem"
    trusted.write_bytes(b"".join(pem.read_bytes() for pem in clients))
    await live.stop("intake")
    await live.begin(
        "intake", NSW_TLS_CERTIFICATE=str(server), NSW_TLS_KEY=str(server.with_suffix(".key")),
        NSW_TLS_CLIENT_CAS=str(trusted),
    )  # fmt: skip
    intake = Intake(live, server)
    try:
        await until(intake.ready, "intake to listen with TLS")
        yield intake
    finally:
        await live.mend()


async def test_a_registered_certificate_opens_its_businesses_doors_and_no_others(live: Live, tmp_path: Path) -> None:
    (_, system), (_, stranger) = (make_certificate(tmp_path, name) for name in ("system.example", "stranger.example"))
    subject = sha256(ssl.PEM_cert_to_DER_cert(system.read_text())).hexdigest()
    own, other = Business(live), Business(live)
    number, foreign = [await one.file(one.dossier(pack_today(PROCEDURE))) for one in (own, other)]
    line = {"issuer": CERTIFICATE, "subject": subject, "role": "declarant", "party": own.tax_code}
    ndjson = {"content-type": "application/x-ndjson"}
    registrations = "/v1/registrations"
    said = await live.ask(
        "POST", live.intake + registrations, caller=OPERATOR, data=json.dumps(line).encode(), headers=ndjson
    )
    assert said[0] == 200, said
    operator = await live.headers(OPERATOR)
    async with behind_tls(live, tmp_path, system, stranger) as intake:
        status, shown = await intake.ask(f"/v1/dossiers/{number}", system)
        assert (status, shown["number"]) == (200, number)
        assert (await intake.ask(f"/v1/dossiers/{foreign}", system))[0] == 404, "as if it did not exist"
        assert (await intake.ask(registrations, system))[0] == 403, "it is no operator"
        assert (await intake.ask(f"/v1/dossiers/{number}", stranger))[0] == 401, "trusted, and registered for nothing"
        assert (await intake.ask(f"/v1/dossiers/{number}"))[0] == 401
        bearer = {"authorization": "Bearer none"}
        assert (await intake.ask(f"/v1/dossiers/{number}", system, headers=bearer))[0] == 401, "a header counts first"

        where = {"issuer": CERTIFICATE, "subject": subject}
        assert (await intake.ask(registrations, method="DELETE", params=where, headers=operator))[0] == 200
        assert (await intake.ask(f"/v1/dossiers/{number}", system))[0] == 401, "revoked"
