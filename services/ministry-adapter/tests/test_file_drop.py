"""The file-drop adapter against a real folder and a real SFTP server: whole files, signed, in order, once."""

import json
import logging
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from nsw_contracts.adapter import (
    BrokenConfiguration,
    Context,
    Delivery,
    HttpSettings,
    Judged,
    Link,
    Misconfigured,
    Taken,
    TryAgain,
    Unreadable,
)
from nsw_contracts.events import Accepted, ResultIssued, TechnicalError
from nsw_ministry_adapter.file_drop.adapter import FileDropAdapter
from nsw_ministry_adapter.file_drop.drop import FOLDERS
from nsw_ministry_adapter.file_drop.settings import FileDropSettings
from nsw_ministry_adapter.file_drop.signed_file import private_key, public_keys, sign, verify
from pydantic import SecretBytes

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
NUMBER = "260000000017"


def pem_of(key: Any) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: Any) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


WINDOW_KEY = ec.generate_private_key(ec.SECP256R1())
AGENCY_KEY = ed25519.Ed25519PrivateKey.generate()
STRANGERS_KEY = ed25519.Ed25519PrivateKey.generate()
SSH_KEY = asyncssh.generate_private_key("ssh-ed25519")
HOST_KEY = asyncssh.generate_private_key("ssh-ed25519")


class MemoryStore:
    """The host's store, of one test."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    async def get(self, key: str) -> bytes | None:
        return self.values.get(key)

    async def put(self, key: str, value: bytes) -> None:
        self.values[key] = value

    async def delete(self, key: str) -> None:
        self.values.pop(key, None)

    async def list(self, prefix: str, *, after: str = "", most: int = 1000) -> Mapping[str, bytes]:
        found = sorted(key for key in self.values if key.startswith(prefix) and key > after)
        return {key: self.values[key] for key in found[:most]}


class NoDocuments:
    """File-drop names documents by their digests; it needs no links."""

    async def link(self, number: str, sha256: str) -> Link:
        raise AssertionError(f"no link to {sha256} of {number} was expected")


def signed_file(folder: str, name: str, payload: dict[str, Any], *, key: Any = AGENCY_KEY, kid: str = "bqp-1") -> bytes:
    return sign(private_key(pem_of(key)), kid, folder, name, payload)


@dataclass
class Place:
    """One drop of a test: where it is for the adapter, and the same folder as the agency sees it."""

    root: Path
    settings: dict[str, Any]
    store: MemoryStore = field(default_factory=MemoryStore)

    def adapter(self, **other: Any) -> FileDropAdapter:
        secrets = {"signing-key": pem_of(WINDOW_KEY), "sftp-key": SSH_KEY.export_private_key()}
        log = logging.LoggerAdapter(logging.getLogger("file-drop-test"), {})
        context = Context(
            agency="BQP",
            clock=lambda: NOW,
            http=HttpSettings(timeout_seconds=5),
            secret=lambda name: SecretBytes(secrets[name]),
            log=log,
            documents=NoDocuments(),
            store=self.store,
        )
        settings = {
            "place": self.settings,
            "signing_key_id": "window-1",
            "agency_keys": {"bqp-1": public_pem(AGENCY_KEY)},
        }
        return FileDropAdapter(context, FileDropSettings.model_validate(settings | other))

    def files(self, folder: str) -> list[str]:
        return sorted(each.name for each in (self.root / folder).iterdir() if each.is_file() or each.is_symlink())

    def payload(self, folder: str, name: str) -> dict[str, Any]:
        """What the window wrote there, with its signature checked."""
        content = (self.root / folder / name).read_bytes()
        return verify(public_keys({"window-1": public_pem(WINDOW_KEY)}), folder, name, content, largest=1 << 20)

    def leave(
        self, folder: str, name: str, payload: dict[str, Any], *, key: Any = AGENCY_KEY, kid: str = "bqp-1"
    ) -> None:
        """The agency leaves a file."""
        (self.root / folder / name).write_bytes(sign(private_key(pem_of(key)), kid, folder, name, payload))


@pytest.fixture(params=["folder", "sftp"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    root = tmp_path / "bqp"
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    if request.param == "folder":
        yield Place(root, {"kind": "folder", "path": str(root)})
        return
    server = await sftp_server(tmp_path)
    async with server:
        yield Place(root, sftp_settings(server.get_port()))


async def sftp_server(root: Path, port: int = 0) -> asyncssh.SSHAcceptor:
    return await asyncssh.listen(
        "127.0.0.1",
        port,
        server_host_keys=[HOST_KEY],
        authorized_client_keys=asyncssh.import_authorized_keys(SSH_KEY.export_public_key().decode()),
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=os.fsencode(root)),
        allow_scp=False,
    )


def sftp_settings(port: int, **other: Any) -> dict[str, Any]:
    return {
        "kind": "sftp",
        "host": "127.0.0.1",
        "port": port,
        "user": "window",
        "path": "/bqp",
        "host_key": HOST_KEY.export_public_key().decode().strip(),
    } | other


def delivery(message_id: str, number: str = NUMBER) -> Delivery:
    raw = json.dumps({"number": number, "what": "withdrawn", "reason": "Không còn nhu cầu"}, ensure_ascii=False)
    return Delivery(message_id=message_id * 32, agency="BQP", number=number, raw=raw.encode())


def message(number: str = NUMBER, **fields: Any) -> dict[str, Any]:
    says = [{"kind": "accepted", "decided_at": NOW.isoformat(), "reference": "TN-1"}]
    return {"id": "BQP-7", "number": number, "answers": "a" * 32, "says": says} | fields


async def judge(adapter: FileDropAdapter, verdict: Any = "taken") -> list[Judged]:
    judged = [Judged(said=said, verdict=verdict) for said in await adapter.poll()]
    await adapter.confirm(judged)
    return judged


async def test_deliveries_become_one_signed_whole_file_and_files_sort_in_the_order_of_delivery(place: Place) -> None:
    adapter = place.adapter()
    await adapter.open()
    first = await adapter.deliver_many([delivery("a"), delivery("b", "260000000025")])
    assert first == [Taken(NOW)] * 2
    await adapter.close()

    again = place.adapter()  # after a restart names go on
    await again.open()
    assert await again.deliver(delivery("c")) == Taken(NOW)
    await again.close()

    names = place.files("to-agency")
    assert names == [f"000000000001-{'a' * 32}.jws", f"000000000002-{'c' * 32}.jws"]
    assert [one["message_id"][0] for one in place.payload("to-agency", names[0])["messages"]] == ["a", "b"]
    assert place.payload("to-agency", names[0])["messages"][0]["work"]["reason"] == "Không còn nhu cầu"


async def test_an_agencys_file_is_read_acknowledged_and_moved_away_once_its_messages_are_judged(place: Place) -> None:
    result = [{"kind": "result-issued", "decided_at": NOW.isoformat(), "outcome": "passed"}]
    place.leave("from-agency", "0001.jws", {"messages": [message(), message(id="BQP-8", says=result)]})
    adapter = place.adapter()
    await adapter.open()
    said = await adapter.poll()
    assert [type(one.facts[0]) for one in said] == [Accepted, ResultIssued]
    assert [one.facts[0].message_id for one in said] == ["a" * 32] * 2

    await adapter.confirm([Judged(said=said[0], verdict="taken")])
    assert place.files("from-agency/acks") == []  # the other message still waits
    assert [one.id for one in await adapter.poll()] == ["BQP-7", "BQP-8"]  # a crash here would read it again, whole

    await adapter.confirm(
        [Judged(said=said[0], verdict="repeated"), Judged(said=said[1], verdict="unknown", reason="?")]
    )
    assert place.payload("from-agency/acks", "0001.jws")["messages"] == [
        {"id": "BQP-7", "verdict": "repeated", "reason": ""},
        {"id": "BQP-8", "verdict": "unknown", "reason": "?"},
    ]
    assert (place.files("from-agency"), place.files("from-agency/done")) == ([], ["0001.jws"])
    assert await adapter.poll() == []
    await adapter.close()


async def test_what_the_batch_system_could_not_take_is_a_technical_error(place: Place) -> None:
    taken = {"message_id": "a" * 32, "number": NUMBER, "taken": True}
    refused = {"message_id": "b" * 32, "number": NUMBER, "taken": False, "code": "ERR05", "reason": "body empty"}
    name = f"000000000001-{'a' * 32}.jws"
    place.leave("to-agency/acks", name, {"received_at": NOW.isoformat(), "messages": [taken, refused]})
    adapter = place.adapter()
    await adapter.open()
    (judged,) = await judge(adapter)
    (fact,) = judged.said.facts
    assert isinstance(fact, TechnicalError)
    assert (fact.message_id, fact.code, fact.reason) == ("b" * 32, "ERR05", "body empty")
    assert (place.files("to-agency/acks"), place.files("to-agency/acks/done")) == ([], [name])
    assert place.files("from-agency/acks") == []  # an acknowledgement is not acknowledged
    await adapter.close()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"key": STRANGERS_KEY}, "its signature does not fit"),
        ({"kid": "bqp-9"}, "not signed by a key of the agency"),
        ({"rename": "0002.jws"}, "another file"),
        ({"content": b"no signature"}, "not signed"),
        ({"content": b""}, "not signed"),
        ({"payload": {"messages": [message(says=[{"kind": "delivered"}])]}}, "no agency says"),
        ({"payload": {"messages": [message(number="12")]}}, "/number"),
        ({"payload": {"messages": [message()] * 501}}, "/messages"),
        ({"payload": {"messages": [message(text="x" * 200_000)]}}, "larger than 200,000"),
    ],
)
async def test_a_file_that_cannot_be_used_is_put_aside_with_the_reason_and_holds_nobody_up(
    place: Place, wrong: dict[str, Any], why: str
) -> None:
    signed = {name: wrong[name] for name in ("key", "kid") if name in wrong}
    place.leave("from-agency", "0001.jws", wrong.get("payload", {"messages": [message()]}), **signed)
    bad = place.root / "from-agency" / "0001.jws"
    if "content" in wrong:
        bad.write_bytes(wrong["content"])
    if "rename" in wrong:
        bad = bad.rename(bad.with_name(wrong["rename"]))
    place.leave("from-agency", "0009.jws", {"messages": [message(id="BQP-9")]})
    adapter = place.adapter(largest_file=200_000)
    await adapter.open()
    assert [one.said.id for one in await judge(adapter)] == ["BQP-9"]
    assert place.files("from-agency/unreadable") == [bad.name]
    told = place.payload("from-agency/acks", bad.name)
    assert told["read"] is False
    assert why in told["reason"]
    await adapter.close()


async def test_a_file_in_the_making_and_a_link_out_of_the_drop_are_not_read(place: Place, tmp_path: Path) -> None:
    (place.root / "from-agency" / "0001.jws.part").write_bytes(b"half")
    (place.root / "from-agency" / "readme.txt").write_bytes(b"hello")
    secret = tmp_path / "secret.jws"
    secret.write_bytes(
        sign(private_key(pem_of(AGENCY_KEY)), "bqp-1", "from-agency", "0002.jws", {"messages": [message()]})
    )
    (place.root / "from-agency" / "0002.jws").symlink_to(secret)
    adapter = place.adapter()
    await adapter.open()
    assert await adapter.poll() == []
    assert place.files("from-agency") == ["0001.jws.part", "readme.txt"]
    assert place.files("from-agency/unreadable") == ["0002.jws"]
    await adapter.close()


async def test_a_missing_folder_is_for_somebody_to_mend(place: Place) -> None:
    (place.root / "to-agency" / "acks" / "done").rmdir()
    (place.root / "to-agency" / "acks" / "unreadable").rmdir()
    (place.root / "to-agency" / "acks").rmdir()
    (place.root / "to-agency").rmdir()
    adapter = place.adapter()
    await adapter.open()
    (outcome,) = await adapter.deliver_many([delivery("a")])
    assert isinstance(outcome, Misconfigured)
    assert "folders" in outcome.reason
    assert await adapter.poll() == []
    await adapter.close()


async def test_a_server_that_is_away_is_tried_again_and_found_again(tmp_path: Path) -> None:
    for folder in FOLDERS:
        (tmp_path / "bqp" / folder).mkdir(parents=True)
    server = await sftp_server(tmp_path)
    port = server.get_port()
    place = Place(tmp_path / "bqp", sftp_settings(port))
    adapter = place.adapter()
    await adapter.open()
    assert await adapter.deliver(delivery("a")) == Taken(NOW)
    server.close()
    await server.wait_closed()
    await adapter.close()  # the connection that was there ends with its server
    assert isinstance(await adapter.deliver(delivery("b")), TryAgain)
    async with await sftp_server(tmp_path, port):
        assert await adapter.deliver(delivery("b")) == Taken(NOW)
        await adapter.close()


async def test_another_server_under_the_same_name_gets_nothing(tmp_path: Path) -> None:
    async with await sftp_server(tmp_path) as server:
        other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
        adapter = Place(tmp_path, sftp_settings(server.get_port(), host_key=other)).adapter()
        await adapter.open()
        assert isinstance(await adapter.deliver(delivery("a")), Misconfigured)
        await adapter.close()


async def test_wrong_keys_are_said_at_the_start(tmp_path: Path) -> None:
    place = Place(tmp_path, {"kind": "folder", "path": str(tmp_path)})
    with pytest.raises(BrokenConfiguration, match="agency's key bqp-1"):
        await place.adapter(agency_keys={"bqp-1": "no key"}).open()
    weak = ec.generate_private_key(ec.SECP192R1())
    with pytest.raises(BrokenConfiguration, match="P-256"):
        await place.adapter(agency_keys={"bqp-1": public_pem(weak)}).open()


def test_a_signature_says_which_file_it_is_for() -> None:
    key = private_key(pem_of(AGENCY_KEY))
    keys = public_keys({"bqp-1": public_pem(AGENCY_KEY)})
    content = sign(key, "bqp-1", "from-agency", "1.jws", {"messages": []})
    assert verify(keys, "from-agency", "1.jws", content, largest=1000)["messages"] == []
    with pytest.raises(Unreadable, match="another file"):
        verify(keys, "to-agency/acks", "1.jws", content, largest=1000)
