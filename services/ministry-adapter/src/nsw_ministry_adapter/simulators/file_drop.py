"""A test agency with a batch system and an SFTP server: `python -m nsw_ministry_adapter.simulators.file_drop`.

The kit's orders come over HTTP as for every test agency; the window's files come over SFTP, where the troubles befall
them. Its batch system works when it is asked what reached it: it checks each file's signature, place and messages, and
acknowledges it.
"""

import asyncio
import os
import shutil
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncssh
from joserfc.jwk import ECKey, OKPKey
from nsw_contracts.adapter.conformance.orders import Saying, Trouble, Way
from nsw_contracts.adapter.conformance.simulator import Request, Response, SimulatedAgency, run, texts_of

from nsw_ministry_adapter.file_drop.drop import FOLDERS, FROM_AGENCY, TO_AGENCY, TO_AGENCY_ACKS, is_name
from nsw_ministry_adapter.file_drop.signed_file import public_keys, sign, verify

LARGEST: Final = 1 << 24
USER: Final = "window"
_TO_BEGIN_WITH: Final[frozenset[Trouble]] = frozenset({"busy", "err", "lock-out"})
_SOME_REQUEST: Final = Request("POST", "/", {}, b"")


class BatchSystem(SimulatedAgency):
    """The agency's side of the drop."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="nsw-drop-"))
        self.client_key = asyncssh.generate_private_key("ssh-ed25519")
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self._window_key = ECKey.generate_key("P-256")
        self._own_key = OKPKey.generate_key("Ed25519")
        self._other_key = OKPKey.generate_key("Ed25519")
        self._window_keys = public_keys({"window-kit": _public(self._window_key)})
        self._left = 0
        self.port = _serve(self)
        super().__init__()

    def way(self, url: str, nowhere: str) -> Way:
        """How the adapter reaches it."""
        del url
        place: dict[str, Any] = {
            "kind": "sftp",
            "host": "127.0.0.1",
            "port": self.port,
            "user": USER,
            "path": "/",
            "host_key": self.host_key.export_public_key().decode().strip(),
        }
        settings: dict[str, Any] = {
            "place": place,
            "signing_key_id": "window-kit",
            "agency_keys": {"agency-kit": _public(self._own_key)},
        }
        return Way(
            settings=settings,
            nowhere=settings | {"place": place | {"port": int(nowhere.rpartition(":")[2])}},
            wrong=settings | {"agency_keys": {"agency-kit": "no key"}},
            secrets={
                "signing-key": self._window_key.as_pem(private=True),
                "sftp-key": self.client_key.export_private_key(),
            },
        )

    def respond(self, request: Request) -> Response:
        """There is no door over HTTP."""
        del request
        return Response(404)

    def reset(self) -> None:
        """Forget everything, and empty the drop."""
        super().reset()
        for folder in FOLDERS:
            place = self.root / folder
            place.mkdir(parents=True, exist_ok=True)
            for file in place.iterdir():
                if file.is_file():
                    file.unlink()

    def control(self, name: str, order: dict[str, Any]) -> Any:
        """One order of the kit's."""
        if name == "effects":
            self._work()
        if name == "fetch":
            return self._leave(Saying.model_validate(order))
        return super().control(name, order)

    def to_begin_with(self) -> Trouble | None:
        """What is to go wrong before anything of a file is there."""
        with self.lock:
            waiting = self._troubles[0] if self._troubles else None
        return self.next_trouble(_SOME_REQUEST) if waiting in _TO_BEGIN_WITH else None

    def at_the_end(self) -> Trouble | None:
        """What is to go wrong while a file gets its name."""
        return self.next_trouble(_SOME_REQUEST)

    def _work(self) -> None:
        """The batch run: read each file, in order, and acknowledge it."""
        inbox = self.root / TO_AGENCY
        for name in sorted(each.name for each in inbox.iterdir() if is_name(each.name)):
            payload = verify(self._window_keys, TO_AGENCY, name, (inbox / name).read_bytes(), largest=LARGEST)
            received = []
            for one in payload["messages"]:
                work = one["work"]
                if work["number"] != one["number"]:
                    raise ValueError("a message is about another dossier than it says")
                self.arrived(one["message_id"], one["number"], work.get("what", "submitted"), texts_of(work))
                received.append({"message_id": one["message_id"], "number": one["number"], "taken": True})
            told = {"received_at": datetime.now(UTC).isoformat(), "messages": received}
            (self.root / TO_AGENCY_ACKS / name).write_bytes(
                sign(self._own_key, "agency-kit", TO_AGENCY_ACKS, name, told)
            )
            (inbox / name).unlink()

    def _leave(self, saying: Saying) -> dict[str, Any]:
        """A file with one message, good or spoiled."""
        self._left += 1
        name = f"{self._left:06d}.jws"
        says = {"kind": saying.kind, "decided_at": saying.decided_at.isoformat(), **saying.fields}
        told: dict[str, Any] = {"id": saying.id, "number": saying.number, "says": [says]}
        if saying.message_id:
            told["answers"] = saying.message_id
        if saying.spoiled == "deep":
            told["deep"] = _nested(200)
        key = self._other_key if saying.spoiled == "wrong-agency" else self._own_key
        content = sign(key, "agency-kit", FROM_AGENCY, name, {"messages": [told]})
        match saying.spoiled:
            case "garbage":
                content = b"<<< \xff what?"
            case "unsigned":
                content = content.rpartition(b".")[0] + b"."
            case "tampered":
                head, payload, signature = content.split(b".")
                content = b".".join((head, payload[:-8] + payload[-8:].swapcase(), signature))
        part = self.root / FROM_AGENCY / f"{name}.part"
        part.write_bytes(content)
        part.rename(part.with_name(name))
        return {}


class _Files(asyncssh.SFTPServer):
    """The drop over SFTP, with troubles to order."""

    def __init__(self, channel: "asyncssh.SSHServerChannel[bytes]", agency: BatchSystem) -> None:
        super().__init__(channel, chroot=os.fsencode(agency.root))
        self._channel = channel
        self._agency = agency

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if pflags & asyncssh.FXF_WRITE:
            match self._agency.to_begin_with():
                case "busy" | "err":
                    raise asyncssh.SFTPFailure("the disk is busy")
                case "lock-out":
                    raise asyncssh.SFTPPermissionDenied("no right to write")
        return super().open(path, pflags, attrs)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        trouble = self._agency.at_the_end()
        if trouble != "hang":
            super().posix_rename(oldpath, newpath)
        if trouble in ("hang", "slow"):
            await asyncio.to_thread(self._agency.stopping.wait, 60)
        if trouble is not None:
            self._channel.get_connection().abort()


def _serve(agency: BatchSystem) -> int:
    """Serve the drop from a thread of its own; gives the port."""
    port: list[int] = []
    listening = threading.Event()

    async def serve() -> None:
        server = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[agency.host_key],
            authorized_client_keys=asyncssh.import_authorized_keys(agency.client_key.export_public_key().decode()),
            sftp_factory=lambda channel: _Files(channel, agency),
            allow_scp=False,
        )
        port.append(server.get_port())
        listening.set()
        await asyncio.Event().wait()

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    if not listening.wait(10):
        raise RuntimeError("the SFTP server did not start")
    return port[0]


def _public(key: ECKey | OKPKey) -> str:
    return key.as_pem(private=False).decode()


def _nested(levels: int) -> Any:
    found: Any = 0
    for _ in range(levels):
        found = [found]
    return found


def main() -> None:
    """Run it until standard input ends."""
    agency = BatchSystem()
    try:
        run(agency)
    finally:
        shutil.rmtree(agency.root, ignore_errors=True)


if __name__ == "__main__":
    main()
