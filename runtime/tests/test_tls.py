"""TLS at a service's own door: who the client has proved to be reaches the handlers, and nobody else does."""

import contextlib
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from certificates import Authority, Signed
from nsw_runtime.errors import BadSettings
from nsw_runtime.settings import ServiceSettings
from nsw_runtime.tls import server_tls
from raw_client import Door, service

REFUSED = (ssl.SSLError, ConnectionError)


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"), "ca")


@pytest.fixture(scope="module")
def server(ca: Authority) -> Signed:
    return ca.sign("server")


@pytest.fixture(scope="module")
def business(ca: Authority) -> Signed:
    return ca.sign("business")


def told(server: Signed, **more: object) -> dict[str, str]:
    return {"NSW_TLS_CERTIFICATE": str(server.certificate), "NSW_TLS_KEY": str(server.key)} | {
        name: str(value) for name, value in more.items()
    }


@pytest.fixture(scope="module")
async def mutual(ca: Authority, server: Signed) -> AsyncIterator[Door]:
    async with service(**told(server, NSW_TLS_CLIENT_CAS=ca.file)) as running:
        yield running


def client(ca: Authority, shows: Signed | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(ca.file))
    if shows is not None:
        context.load_cert_chain(shows.certificate, shows.key)
    return context


async def test_the_certificate_a_client_shows_reaches_the_handler(
    mutual: Door, ca: Authority, business: Signed
) -> None:
    async with mutual.line(client(ca, business)) as line:
        for _ in range(2):  # it is the connection's, for every request on it
            line.get("/peer")
            said = (await line.answer()).json
            assert said == {"scheme": "https", "tls": True, "sha256": business.sha256}


async def test_a_client_without_one_is_served_as_nobody(mutual: Door, ca: Authority) -> None:
    assert (await mutual.get("/peer", client(ca))).json == {"scheme": "https", "tls": False, "sha256": None}


async def test_an_early_answer_is_heard_though_the_body_is_still_being_sent(mutual: Door, ca: Authority) -> None:
    async with mutual.line(client(ca)) as line:
        line.send(b"POST /unread HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 4000000\r\n\r\n")
        assert (await line.answer()).status == 413
        with contextlib.suppress(ConnectionResetError):  # asyncio ends what the server has closed
            for _ in range(4):
                line.send(b" " * 1_000_000)
                await line.writer.drain()
        assert await line.reader.read() == b"", "the connection ends, and is not reset"


async def test_a_certificate_of_another_ca_is_refused(mutual: Door, ca: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "ca").sign("business")
    try:
        answer = await mutual.get("/peer", client(ca, stranger))
    except REFUSED:
        return
    assert answer.status == 0


async def test_a_certificate_in_a_header_is_nobodys(mutual: Door, ca: Authority) -> None:
    async with mutual.line(client(ca)) as line:
        line.get("/peer", "x-client-cert: MIIB", "x-forwarded-client-cert: Hash=abc", "ssl-client-cert: MIIB")
        assert not (await line.answer()).json["tls"]


async def test_old_tls_and_no_tls_are_refused(mutual: Door, ca: Authority) -> None:
    assert (await mutual.get("/peer")).status == 0
    old = client(ca)
    with pytest.warns(DeprecationWarning, match="TLS"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(REFUSED):
        await mutual.get("/peer", old)


async def test_where_certificates_are_required_nobody_comes_without(
    ca: Authority, server: Signed, business: Signed
) -> None:
    settings = told(server, NSW_TLS_CLIENT_CAS=ca.file, NSW_TLS_CLIENT_CERTIFICATES="required")
    async with service(**settings) as door:
        assert (await door.get("/peer", client(ca, business))).json["sha256"] == business.sha256
        try:
            answer = await door.get("/peer", client(ca))
        except REFUSED:
            return
        assert answer.status == 0


async def test_without_client_cas_a_shown_certificate_proves_nothing(
    ca: Authority, server: Signed, business: Signed
) -> None:
    async with service(**told(server)) as door:
        said = (await door.get("/peer", client(ca, business))).json
    assert said == {"scheme": "https", "tls": False, "sha256": None}


@pytest.mark.parametrize("leaves_out", ["NSW_TLS_CERTIFICATE", "NSW_TLS_KEY"])
def test_half_of_the_settings_stops_the_service(
    ca: Authority, server: Signed, leaves_out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = told(server, NSW_TLS_CLIENT_CAS=ca.file)
    del settings[leaves_out]
    with pytest.raises(BadSettings, match="Set both"):
        server_tls(read(monkeypatch, settings))


def test_a_key_of_another_certificate_stops_the_service(
    server: Signed, business: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = told(server) | {"NSW_TLS_KEY": str(business.key)}
    with pytest.raises(BadSettings, match="NSW_TLS_KEY"):
        server_tls(read(monkeypatch, settings))


def read(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> ServiceSettings:
    for name in [name for name in os.environ if name.startswith("NSW_")]:
        monkeypatch.delenv(name)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return ServiceSettings(database_url="postgresql://x/y", kafka_bootstrap_servers="x:1", http_port=1)
