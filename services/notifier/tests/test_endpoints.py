"""Requests to real endpoints: slow, dead, redirecting, talkative, lying about TLS, and names that change their mind."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hook_door import Hooks, open_hooks
from nsw_notifier.addresses import look_up
from nsw_notifier.endpoints import ANSWER_BYTES, Answer, Endpoints, Unreached
from nsw_notifier.settings import NotifierSettings
from support.certificates import make_certificate

LOOPBACK = (ip_network("127.0.0.0/8"),)
NOT_ALLOWED = "the address is not one that webhooks may go to"


class Names:
    """A resolver that answers as it is told, and counts."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[tuple[int, str]]:
        self.asked.append(host)
        address = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not address:
            raise socket.gaierror("no such name")
        return [(socket.AF_INET, address)]


@asynccontextmanager
async def opened(names: Any = look_up, **settings: Any) -> AsyncIterator[Endpoints]:
    told = NotifierSettings(database_url="-", kafka_bootstrap_servers="-").model_copy(
        update={"webhook_networks": LOOPBACK, "timeout_seconds": 2.0} | settings
    )
    endpoints = Endpoints(told, names)
    try:
        yield endpoints
    finally:
        await endpoints.close()


async def post(hooks: Hooks | str, names: Any = look_up, **settings: Any) -> Answer | Unreached:
    async with opened(names, **settings) as endpoints:
        return await endpoints.post(hooks if isinstance(hooks, str) else hooks.url, {"x": "y"}, b"{}")


@pytest.fixture
async def hooks() -> AsyncIterator[Hooks]:
    async with open_hooks() as door:
        yield door


def port_of(hooks: Hooks) -> str:
    return hooks.url.split(":")[2].partition("/")[0]


async def test_the_status_is_what_comes_back(hooks: Hooks) -> None:
    hooks.answers = [204, 500]
    async with opened() as endpoints:
        first, second = [await endpoints.post(hooks.url, {}, b"{}") for _ in range(2)]
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert (first.status, first.taken, second.status, second.taken) == (204, True, 500, False)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(hooks: Hooks, status: int) -> None:
    hooks.answers = [status]
    said = await post(hooks)
    assert isinstance(said, Answer)
    assert (said.status, said.taken, len(hooks.received)) == (status, False, 1)


async def test_an_endpoint_that_hangs_is_given_up(hooks: Hooks) -> None:
    hooks.hang = True
    said = await post(hooks, timeout_seconds=0.3)
    assert isinstance(said, Unreached)
    assert said.why == "it did not answer in time"


async def test_an_endpoint_whose_answer_never_ends_has_answered(hooks: Hooks) -> None:
    hooks.drip = True
    said = await asyncio.wait_for(post(hooks, timeout_seconds=30.0), 10)
    assert isinstance(said, Answer)
    assert said.taken


async def test_no_more_of_an_answer_is_read_than_is_needed(hooks: Hooks) -> None:
    hooks.body = b"x" * 5_000_000
    said = await post(hooks)
    assert isinstance(said, Answer)
    assert said.taken
    assert len(said.start) <= ANSWER_BYTES


async def test_an_answer_that_claims_to_be_compressed_is_not_unpacked(hooks: Hooks) -> None:
    hooks.headers, hooks.body = {"content-encoding": "gzip"}, b"not gzip at all"
    said = await post(hooks)
    assert isinstance(said, Answer)
    assert (said.taken, said.start) == (True, b"not gzip at all")


async def test_nobody_listens() -> None:
    said = await post("http://127.0.0.1:1/")
    assert isinstance(said, Unreached)
    assert said.why == "no connection could be made"


async def test_a_name_that_is_not_there() -> None:
    said = await post("https://nobody.example/", Names(""))
    assert isinstance(said, Unreached)
    assert said.why == "its name does not resolve"


async def test_what_does_not_speak_http() -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n" * 3)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        said = await post(f"http://127.0.0.1:{port}/")
    assert isinstance(said, Unreached)
    assert "SSH" not in said.why


# --- door 9 ----------------------------------------------------------------------------------------------------------


async def test_loopback_is_denied_unless_configured_by_name_and_by_number(hooks: Hooks) -> None:
    for url in (hooks.url, hooks.url.replace("127.0.0.1", "here.example")):
        said = await post(url, Names("127.0.0.1"), webhook_networks=())
        assert isinstance(said, Unreached)
        assert said.why == NOT_ALLOWED
    assert hooks.received == []


async def test_http_goes_to_configured_networks_alone() -> None:
    said = await post("http://public.example/", Names("203.113.0.1"), timeout_seconds=0.5)
    assert isinstance(said, Unreached)
    assert said.why == NOT_ALLOWED


@pytest.mark.parametrize("number", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1"])
async def test_numbers_in_disguise_reach_nobody(hooks: Hooks, number: str) -> None:
    said = await post(hooks.url.replace("127.0.0.1", number), webhook_networks=())
    assert isinstance(said, Unreached)
    assert hooks.received == []


async def test_a_name_that_changes_its_mind_is_connected_to_where_it_was_checked(hooks: Hooks) -> None:
    """DNS rebinding: the first answer is checked and used; the second, another address, is never asked for."""
    names = Names("127.0.0.1", "127.0.0.99", "127.0.0.99")
    networks = (ip_network("127.0.0.1/32"),)
    async with opened(names, webhook_networks=networks) as endpoints:
        said = await endpoints.post(hooks.url.replace("127.0.0.1", "rebinding.example"), {}, b"{}")
    assert isinstance(said, Answer)
    assert names.asked == ["rebinding.example"], "one look-up for one connection: nothing can change in between"
    assert hooks.received[0][0]["host"] == f"rebinding.example:{port_of(hooks)}"


async def test_a_name_that_turns_bad_later_is_denied_then(hooks: Hooks) -> None:
    names = Names("127.0.0.1", "10.0.0.7")
    url = hooks.url.replace("127.0.0.1", "turning.example")
    for expected in (Answer, Unreached):
        said = await post(url, names)
        assert isinstance(said, expected)
    assert len(hooks.received) == 1


# --- TLS -------------------------------------------------------------------------------------------------------------


async def test_tls_with_a_certificate_that_is_trusted(tmp_path: Path) -> None:
    context, pem = make_certificate(tmp_path, "127.0.0.1")
    async with open_hooks(context) as door:
        said = await post(door, webhook_ca_file=pem)
        assert isinstance(said, Answer), said
        unknown = await post(door)
    assert isinstance(unknown, Unreached)
    assert "TLS" in unknown.why
    assert len(door.received) == 1


@pytest.mark.parametrize(("name", "days"), [("another.example", 1), ("127.0.0.1", -1)])
async def test_a_certificate_for_another_name_or_another_time_is_refused(tmp_path: Path, name: str, days: int) -> None:
    context, pem = make_certificate(tmp_path, name, days=days)
    async with open_hooks(context) as door:
        said = await post(door, webhook_ca_file=pem)
    assert isinstance(said, Unreached)
    assert "TLS" in said.why
    assert door.received == []


async def test_plain_http_where_tls_was_promised(hooks: Hooks) -> None:
    said = await post(hooks.url.replace("http:", "https:"))
    assert isinstance(said, Unreached)
    assert "TLS" in said.why
