"""The adapter: deliveries become files in `to-agency`, the agency's files in `from-agency` become what it says.

A delivery counts as taken once its file has its name in the agency's drop: from then on it is the agency's, on its
disk. What its batch system then makes of it comes in an acknowledgement file, and a message refused there is a
technical error (function 00; Decree 85/2019/NĐ-CP, article 19). The agency drops repeats by message id, since a file
may be put there twice when a connection breaks. `docs/adapters/file-drop.md` has the files, byte by byte.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

from nsw_contracts.adapter import (
    BrokenConfiguration,
    Capabilities,
    Context,
    Delivery,
    Judged,
    Manifest,
    MinistryAdapter,
    Misconfigured,
    NoSuchWord,
    Outcome,
    Said,
    Taken,
    TryAgain,
    Unreadable,
    Unsure,
)
from pydantic import BaseModel, ValidationError

from nsw_ministry_adapter.agency_jws import KnownKeys, SigningKey
from nsw_ministry_adapter.file_drop.contents import DELIVERIES_A_FILE, Acknowledgement, Messages, deliveries
from nsw_ministry_adapter.file_drop.drop import (
    DONE,
    FROM_AGENCY,
    FROM_AGENCY_ACKS,
    SUFFIX,
    TO_AGENCY,
    TO_AGENCY_ACKS,
    UNREADABLE,
    BadDrop,
    Drop,
    NotDropped,
    PerhapsDropped,
)
from nsw_ministry_adapter.file_drop.folder import FolderDrop
from nsw_ministry_adapter.file_drop.settings import FileDropSettings, FolderPlace
from nsw_ministry_adapter.file_drop.sftp import SftpDrop
from nsw_ministry_adapter.file_drop.signed_file import private_key, public_keys, sign, verify

FILES_A_LOOK: Final = 50
SEQUENCE: Final = "file-sequence"  # in the store: the number of the last file we named


class _Read:
    """A file that was read and whose messages wait for the host's verdicts."""

    def __init__(self, folder: str, name: str, ids: Sequence[str]) -> None:
        self.folder = folder
        self.name = name
        self.waiting = set(ids)
        self.verdicts: list[dict[str, str]] = []


class FileDropAdapter(MinistryAdapter):
    """Files out, files in."""

    manifest: ClassVar[Manifest] = Manifest(
        name="file-drop",
        version="1",
        agency="*",
        protocol="Signed files in a folder or over SFTP",
        contact="the window's operators",
        capabilities=Capabilities(
            batch=DELIVERIES_A_FILE, drops_repeats=True, answers=frozenset({"poll"}), signed=True, deposits=True
        ),
        quality="platinum",
    )
    settings_model: ClassVar[type[BaseModel]] = FileDropSettings

    def __init__(self, context: Context, settings: FileDropSettings) -> None:
        self._context = context
        self._settings = settings
        self._drop: Drop
        self._key: SigningKey
        self._agency_keys: KnownKeys
        self._naming = asyncio.Lock()
        self._read: dict[str, _Read] = {}  # by the file's folder and name

    async def open(self) -> None:
        """Read the keys; the drop itself is looked at when it is first needed."""
        self._key = private_key(self._context.secret("signing-key").get_secret_value())
        self._agency_keys = public_keys(self._settings.agency_keys)
        place = self._settings.place
        if isinstance(place, FolderPlace):
            self._drop = FolderDrop(place.path)
            return
        try:
            self._drop = SftpDrop(
                host=place.host,
                port=place.port,
                user=place.user,
                root=place.path,
                host_key=place.host_key,
                client_key=self._context.secret("sftp-key").get_secret_value(),
                timeout=self._context.http.timeout_seconds,
            )
        except BadDrop as error:
            raise BrokenConfiguration(f"/settings/place: {error}") from error

    async def close(self) -> None:
        await self._drop.close()

    async def deliver(self, delivery: Delivery) -> Outcome:
        return (await self.deliver_many([delivery]))[0]

    async def deliver_many(self, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        """One file for all of them."""
        outcome: Outcome
        try:
            name = await self._next_name(deliveries[0].message_id)
            content = await asyncio.to_thread(self._file, name, deliveries)
            await self._drop.put(TO_AGENCY, name, content)
            outcome = Taken(self._context.clock())
        except NotDropped as error:
            outcome = TryAgain(str(error))
        except PerhapsDropped as error:
            outcome = Unsure(str(error))
        except BadDrop as error:
            outcome = Misconfigured(str(error))
        return [outcome] * len(deliveries)

    async def poll(self) -> Sequence[Said]:
        """What stands in the agency's new files, and the refusals in its acknowledgements."""
        said: list[Said] = []
        try:
            for folder, read in ((TO_AGENCY_ACKS, self._refusals), (FROM_AGENCY, self._messages)):
                for name in (await self._drop.names(folder))[:FILES_A_LOOK]:
                    said += await self._look(folder, name, read)
        except NotDropped as error:
            self._context.log.warning("the drop cannot be reached", extra={"cause": str(error)})
        except BadDrop as error:  # somebody must mend it; a trace would tell them nothing
            self._context.log.error("the drop cannot be used", extra={"cause": str(error)})  # noqa: TRY400
        return said

    async def confirm(self, judged: Sequence[Judged]) -> None:
        """Acknowledge each file whose messages were all judged, then move it away."""
        verdicts = {one.said.id: one for one in judged}
        try:
            for read in list(self._read.values()):
                for said in sorted(read.waiting & verdicts.keys()):
                    one = verdicts[said]
                    read.waiting.discard(said)
                    read.verdicts.append({"id": said, "verdict": one.verdict, "reason": one.reason})
                if not read.waiting:
                    await self._settle(read)
        except (NotDropped, BadDrop, PerhapsDropped) as error:
            self._context.log.warning("files are acknowledged later", extra={"cause": str(error)})

    async def _look(self, folder: str, name: str, read: Callable[[str, Any], list[Said]]) -> list[Said]:
        """The messages of one file; one that cannot be read is put aside, and an operator sees why."""
        content = await self._drop.read(folder, name, self._settings.largest_file * 2)
        if content is None:
            return []
        try:
            payload = await asyncio.to_thread(
                verify, self._agency_keys, folder, name, content, largest=self._settings.largest_file
            )
            said = read(name, payload)
        except (Unreadable, NoSuchWord) as error:
            await self._put_aside(folder, name, str(error))
            return []
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            await self._put_aside(folder, name, f"/{'/'.join(map(str, first['loc']))}: {first['type']}")
            return []
        self._read[f"{folder}/{name}"] = found = _Read(folder, name, [one.id for one in said])
        if not said:
            await self._settle(found)
        return said

    def _messages(self, _name: str, payload: dict[str, Any]) -> list[Said]:
        return Messages.model_validate(payload).said(self._context.agency)

    def _refusals(self, name: str, payload: dict[str, Any]) -> list[Said]:
        return Acknowledgement.model_validate(payload).refusals(name.removesuffix(SUFFIX), self._context.agency)

    async def _settle(self, read: _Read) -> None:
        if read.folder == FROM_AGENCY:
            await self._acknowledge(read.name, {"read": True, "messages": read.verdicts})
        await self._drop.move(read.folder, read.name, DONE)
        self._read.pop(f"{read.folder}/{read.name}", None)

    async def _put_aside(self, folder: str, name: str, reason: str) -> None:
        self._context.log.error("a file cannot be read", extra={"file": f"{folder}/{name}", "cause": reason})
        if folder == FROM_AGENCY:
            await self._acknowledge(name, {"read": False, "reason": reason})
        await self._drop.move(folder, name, UNREADABLE)

    async def _acknowledge(self, name: str, what: dict[str, Any]) -> None:
        said = {"received_at": self._context.clock().isoformat(), **what}
        key, kid = self._key, self._settings.signing_key_id
        content = await asyncio.to_thread(sign, key, kid, FROM_AGENCY_ACKS, name, said)
        await self._drop.put(FROM_AGENCY_ACKS, name, content)

    async def _next_name(self, message_id: str) -> str:
        """A name that sorts behind all before it, also after a restart or a clock moved back."""
        async with self._naming:
            last = await self._context.store.get(SEQUENCE)
            number = int(last or b"0") + 1
            await self._context.store.put(SEQUENCE, b"%d" % number)
        return f"{number:012d}-{message_id}{SUFFIX}"

    def _file(self, name: str, these: Sequence[Delivery]) -> bytes:
        return sign(self._key, self._settings.signing_key_id, TO_AGENCY, name, deliveries(these))
