"""A drop on another machine, over SFTP. The server is known by its host key, which is pinned; we log in with a key.

One connection is kept and made anew when it breaks. Rename is the server's `posix-rename`, which is atomic.
"""

import asyncio
import contextlib
import stat
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar, cast

import asyncssh

from nsw_ministry_adapter.file_drop.drop import PART, BadDrop, NotDropped, PerhapsDropped, is_name

T = TypeVar("T")

GOODBYE_SECONDS: Final = 1.0

_BROKEN = (OSError, asyncssh.DisconnectError, asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, EOFError)
_OURS = (asyncssh.PermissionDenied, asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed)


class SftpDrop:
    """A `Drop` below one folder of an SFTP server; `timeout` is in seconds, of one operation."""

    def __init__(
        self, *, host: str, port: int, user: str, root: str, host_key: str, client_key: bytes, timeout: float
    ) -> None:
        """`host_key`: a public key on one line (`ssh-ed25519 AAAA…`); `client_key`: our private key (OpenSSH, PEM).

        Raises:
            BadDrop: a key cannot be read.
        """
        self._host, self._port, self._user, self._root = host, port, user, root.rstrip("/")
        self._timeout = timeout
        try:
            self._host_key = asyncssh.import_public_key(host_key)
            self._client_key = asyncssh.import_private_key(client_key)
        except (asyncssh.KeyImportError, ValueError) as error:
            raise BadDrop(f"a key cannot be read: {error}") from error
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None
        self._connecting = asyncio.Lock()

    async def put(self, folder: str, name: str, content: bytes) -> None:
        path = f"{self._root}/{folder}/{name}"

        async def write(client: asyncssh.SFTPClient) -> bool:
            if await client.exists(path):
                return False
            async with client.open(path + PART, "wb") as file:
                await file.write(content)
            return True

        if not await self._do(write):
            return
        try:
            await self._do(lambda client: client.posix_rename(path + PART, path))
        except NotDropped as error:
            raise PerhapsDropped(str(error)) from error

    async def names(self, folder: str) -> list[str]:
        found = await self._do(lambda client: client.listdir(f"{self._root}/{folder}"))
        return sorted(name for name in map(str, found) if is_name(name))

    async def read(self, folder: str, name: str, most: int) -> bytes | None:
        path = f"{self._root}/{folder}/{name}"

        async def read(client: asyncssh.SFTPClient) -> bytes | None:
            try:
                kind = (await client.lstat(path)).permissions
                if kind is None or not stat.S_ISREG(kind):
                    return b""  # a link or a folder is no file of a drop; no signature will be found in it
                async with client.open(path, "rb") as file:
                    return cast("bytes", await file.read(most + 1))
            except asyncssh.SFTPNoSuchFile:
                return None

        return await self._do(read)

    async def move(self, folder: str, name: str, to: str) -> None:
        async def move(client: asyncssh.SFTPClient) -> None:
            place = f"{self._root}/{folder}"
            try:
                await client.posix_rename(f"{place}/{name}", f"{place}/{to}/{name}")
            except asyncssh.SFTPNoSuchFile:
                await client.stat(f"{place}/{to}")  # the file may be gone; the folder may not

        await self._do(move)

    async def close(self) -> None:
        connection, self._connection, self._client = self._connection, None, None
        if connection is not None:
            connection.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await connection.wait_closed()
            connection.abort()

    async def _do(self, work: Callable[[asyncssh.SFTPClient], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(self._timeout):
                return await work(await self._connected())
        except _OURS as error:
            raise BadDrop(f"{self._host} does not let us in: {type(error).__name__}") from error
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as error:
            raise BadDrop(f"a folder is missing on {self._host}; make the drop's folders") from error
        except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect) as error:
            raise BadDrop(f"no right to read or write on {self._host}") from error
        except (*_BROKEN, TimeoutError) as error:
            await self.close()
            raise NotDropped(f"{self._host}: {type(error).__name__}") from error
        except asyncssh.Error as error:
            raise NotDropped(f"{self._host}: {error.reason}") from error

    async def _connected(self) -> asyncssh.SFTPClient:
        async with self._connecting:
            if self._client is None:
                self._connection = await asyncssh.connect(
                    self._host,
                    self._port,
                    username=self._user,
                    client_keys=[self._client_key],
                    known_hosts=([self._host_key], [], []),
                    password=None,
                    agent_path=None,
                    config=None,
                )
                self._client = await self._connection.start_sftp_client()
            return self._client
