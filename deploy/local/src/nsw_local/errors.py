"""What can go wrong with the local stack. Each message says the next step; the CLI prints it as it is."""

from pathlib import Path


class LocalStackError(Exception):
    """Base: nothing of the stack is left half done, and the message tells the user what to do."""


class DownloadError(LocalStackError):
    """The jars could not be had; what was loaded so far is kept and the next attempt goes on from there."""


class NoNetworkError(DownloadError):
    """The Maven repository cannot be reached or does not answer."""


class WrongHashError(DownloadError):
    """The repository served something else than what the lock file pins."""


class DiskFullError(LocalStackError):
    """No room left on the device."""


class NoJavaError(LocalStackError):
    """No Java 17 or newer, not even the one from the wheel."""


class NoPostgresError(LocalStackError):
    """The wheel with PostgreSQL has no binaries for this machine, or nobody may run them."""


class PortTakenError(LocalStackError):
    """Another program listens on a port of ours."""

    def __init__(self, name: str, port: int) -> None:
        super().__init__(
            f"Port {port} ({name}) is in use by another program. Stop that program, or choose other ports: "
            "set NSW_PORT_BASE=20000 and the stack takes the ports from 20000 on."
        )
        self.name, self.port = name, port


class FolderInUseError(LocalStackError):
    """A stack is already running in this folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"A local stack is already running in {folder}. Use it, stop it with `nsw down`, or give another folder."
        )
        self.folder = folder


class NotOursError(LocalStackError):
    """The broker or database was given by its address; we neither stop nor wipe it."""


class StartFailedError(LocalStackError):
    """A program ended, or did not become ready in time; the message ends with the tail of its log."""
