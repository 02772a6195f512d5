"""A drop in a folder of this machine, or one that is mounted here. What is put there has reached the disk."""

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from nsw_ministry_adapter.file_drop.drop import PART, BadDrop, NotDropped, is_name

T = TypeVar("T")


class FolderDrop:
    """A `Drop` below one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, folder: str, name: str, content: bytes) -> None:
        await _in_thread(lambda: self._put(self._root / folder, name, content))

    async def names(self, folder: str) -> list[str]:
        place = self._root / folder
        return await _in_thread(lambda: sorted(each.name for each in place.iterdir() if is_name(each.name)))

    async def read(self, folder: str, name: str, most: int) -> bytes | None:
        def read() -> bytes | None:
            path = self._root / folder / name
            try:
                if not stat.S_ISREG(path.lstat().st_mode):
                    return b""  # a link or a folder is no file of a drop; no signature will be found in it
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            except FileNotFoundError:
                return None
            with os.fdopen(descriptor, "rb") as file:
                return file.read(most + 1)

        return await _in_thread(read)

    async def move(self, folder: str, name: str, to: str) -> None:
        def move() -> None:
            target = self._root / folder / to
            try:
                (self._root / folder / name).replace(target / name)
            except FileNotFoundError:
                target.stat()  # the file may be gone; the folder may not

        await _in_thread(move)

    async def close(self) -> None:
        """Nothing is kept open."""

    def _put(self, folder: Path, name: str, content: bytes) -> None:
        part = folder / f"{name}{PART}"
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if (folder / name).exists():
            part.unlink()
            return
        part.rename(folder / name)
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


async def _in_thread(work: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(work)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BadDrop(f"{error.filename} is missing; make the drop's folders") from error
    except PermissionError as error:
        raise BadDrop(f"{error.filename}: no right to read or write there") from error
    except OSError as error:
        raise NotDropped(f"{type(error).__name__}: {error.strerror}") from error
