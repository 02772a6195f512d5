"""A small HTTP client for adapters that bring none of their own: the standard library's, in threads of its own.

It keeps what every adapter must: one bound on a whole exchange, no redirects, answers cut off at their largest, plain
HTTP to nobody but the machine itself, and the difference between "certainly not arrived" and "perhaps".
"""

import asyncio
import http.client
import ipaddress
import ssl
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from nsw_contracts.adapter.context import HttpSettings
from nsw_contracts.adapter.errors import BrokenConfiguration


class Answer(NamedTuple):
    """An answer's status, headers (names in lower case) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NotSent(Exception):
    """The request certainly did not arrive: no connection was made."""


class NoAnswer(Exception):
    """The request may have arrived; no whole answer came in time, or one too large to read."""


class HttpClient:
    """Requests to one base URL, at most `settings.connections` at once."""

    def __init__(self, base_url: str, settings: HttpSettings) -> None:
        """Raises BrokenConfiguration where the URL or a certificate file cannot be used."""
        self._settings = settings
        self._url = checked_url(base_url, settings)
        self._tls = tls_context(settings) if self._url.scheme == "https" else None
        self._threads = ThreadPoolExecutor(settings.connections, thread_name_prefix="adapter-http")

    async def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One exchange; `path` stands behind the base URL.

        Raises:
            NotSent: it certainly did not arrive.
            NoAnswer: it may have.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._exchange, method, path, body, dict(headers or {}))

    def close(self) -> None:
        """Start nothing more; what is on its way ends by its own timeout."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _exchange(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        until = time.monotonic() + self._settings.timeout_seconds
        host, port = self._url.hostname or "", self._url.port
        timeout = self._settings.timeout_seconds
        connection = (
            http.client.HTTPSConnection(host, port, timeout=timeout, context=self._tls)
            if self._tls is not None
            else http.client.HTTPConnection(host, port, timeout=timeout)
        )
        try:
            try:
                connection.connect()
            except OSError as error:
                raise NotSent(type(error).__name__) from error
            try:
                connection.request(method, f"{self._url.path.rstrip('/')}/{path.lstrip('/')}", body, headers)
                answer = connection.getresponse()
                found = {name.lower(): value for name, value in answer.getheaders()}
                return Answer(answer.status, found, self._read(connection, answer, until))
            except (OSError, http.client.HTTPException) as error:
                raise NoAnswer(type(error).__name__) from error
        finally:
            connection.close()

    def _read(self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse, until: float) -> bytes:
        """The body, piece by piece: each piece may be in time and all of them too slow or too many."""
        largest, parts, size = self._settings.largest_answer, list[bytes](), 0
        while part := answer.read1(65536):
            parts.append(part)
            size += len(part)
            if size > largest:
                raise NoAnswer(f"the answer is larger than {largest:,} bytes")
            if (left := until - time.monotonic()) <= 0:
                raise NoAnswer("the answer did not end in time")
            if connection.sock is not None:
                connection.sock.settimeout(left)
        if answer.length:
            raise NoAnswer("the answer broke off")
        return b"".join(parts)


def tls_context(settings: HttpSettings) -> ssl.SSLContext:
    """How the other side is verified, and the window's own certificate shown.

    Raises:
        BrokenConfiguration: a certificate file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.client_certificate is not None:
            context.load_cert_chain(settings.client_certificate)
    except (OSError, ssl.SSLError) as error:
        raise BrokenConfiguration(f"/http: a certificate file cannot be used: {error}") from error
    return context


def checked_url(url: str, settings: HttpSettings) -> SplitResult:
    """The parts of a base URL that may be used.

    Raises:
        BrokenConfiguration: it is no URL, or plain HTTP to another machine.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise BrokenConfiguration(f"/settings/url: {url!r} is no base URL such as https://system.example/nsw")
    if parts.username or parts.password:
        raise BrokenConfiguration("/settings/url: a URL holds no password; name a secret instead")
    if parts.scheme == "http" and not (settings.plain_loopback and _loopback(parts.hostname)):
        raise BrokenConfiguration(
            "/settings/url: plain http:// reaches this machine only, in development (`http.plain_loopback`); use https://"
        )
    return parts


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
