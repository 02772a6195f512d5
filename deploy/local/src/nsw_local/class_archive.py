"""Java's class data sharing for the broker: its classes as the first run left them, mapped instead of loaded.

Saves half of the processor time of a start. The first broker that stops in order on a machine writes the archive
(some seconds, once); it is kept in the cache under a name made of all it depends on, and Java ignores one that does
not fit. An archive gets its name only when it is whole.
"""

import hashlib
import os
import shutil
from pathlib import Path

from .java import Java

QUIET = ["-Xlog:disable", "-Xlog:all=error:stderr"]
"""Or Java lists each class that it cannot archive."""


class ClassArchive:
    """The archive for one Java and one class path; `folder` is the broker's own."""

    def __init__(self, cache: Path, folder: Path, java: Java, class_path: str) -> None:
        key = hashlib.sha256("\0".join([str(java.path), java.version, class_path]).encode()).hexdigest()
        self._kept = cache / "classes" / f"{key[:24]}.jsa"
        self._new = folder / "classes.jsa"

    def use(self) -> list[str]:
        """Java's arguments for a program that is to start quickly."""
        return [*QUIET, f"-XX:SharedArchiveFile={self._kept}"] if self._kept.exists() else QUIET

    def use_or_make(self) -> list[str]:
        """As `use`, and where there is no archive yet the program writes it when it ends."""
        return self.use() if self._kept.exists() else [*QUIET, f"-XX:ArchiveClassesAtExit={self._new}"]

    def keep(self) -> None:
        """Call when that program has ended in order."""
        if self._new.exists() and not self._kept.exists():
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            copy = self._kept.with_suffix(f".{os.getpid()}")
            shutil.copyfile(self._new, copy)
            copy.replace(self._kept)
        self._new.unlink(missing_ok=True)
