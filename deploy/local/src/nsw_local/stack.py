"""A real Kafka, a real Postgres and any other processes, in one folder, children of this process.

Synchronous, and usable from any thread. Leaving the context manager, or the death of this process however
it comes, ends everything; the data stays in the folder. One stack at a time uses a folder (a lock file).

    with Stack(Path(".nsw"), Ports.free()) as stack:
        stack.start()
        ... stack.database_url, stack.kafka_bootstrap ...
"""

import shutil
import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Self

from . import kafka, lock, postgres, zipkin
from .errors import NotOursError
from .kafka import Kafka
from .ports import Ports, require_free
from .postgres import Postgres
from .processes import Processes, Program
from .settings import Settings
from .zipkin import Zipkin


class Stack:
    """The local stack of one folder; `ports` and `settings` come from the environment when not given."""

    def __init__(self, folder: Path, ports: Ports | None = None, settings: Settings | None = None) -> None:
        self.folder = folder.absolute()
        self.settings = settings or Settings.from_environment()
        self.ports = ports or self.settings.ports
        self._kafka = Kafka(self.folder / "kafka", self.ports, self.settings)
        self._postgres = Postgres(self.folder / "postgres", self.ports)
        self._zipkin = Zipkin(self.ports, self.settings)
        self._processes: Processes | None = None
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def kafka_bootstrap(self) -> str:
        """`host:port` for Kafka clients; known before the start."""
        return self.settings.kafka_bootstrap or self._kafka.bootstrap

    @property
    def database_url(self) -> str:
        """The database's URL as its owner; known before the start. Keep it secret: it holds the password."""
        return self.settings.database_url or self._postgres.url

    @property
    def zipkin_url(self) -> str:
        """Where Zipkin is once started."""
        return self._zipkin.url

    @property
    def processes(self) -> Processes:
        """The children; the first use takes the folder, or raises `FolderInUseError`."""
        if self._processes is None:
            self._lock = lock.take(self.folder)
            self._processes = Processes(self.folder / "logs")
        return self._processes

    def start(self) -> None:
        """Start Kafka and Postgres side by side; raises any `LocalStackError`."""
        _ = self.processes
        self._require_kafka_ports()
        self._require_postgres_port()
        with ThreadPoolExecutor(2) as pool:
            for part in [pool.submit(self.start_kafka), pool.submit(self.start_postgres)]:
                part.result()

    def stop(self) -> None:
        """Stop everything: the given processes together, then Kafka and Postgres. May be called again."""
        if self._processes is None:
            return
        servers = (kafka.Kafka.name, postgres.Postgres.name)
        self._processes.stop(*(name for name in reversed(self._processes.names()) if name not in servers))
        with ThreadPoolExecutor(2) as pool:
            for part in [pool.submit(self._stop_kafka), pool.submit(self._stop_postgres)]:
                part.result()
        self._processes.close()
        self._processes = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def start_kafka(self) -> None:
        """Start the broker and wait until it serves; nothing to do for a broker given by its address."""
        if self.settings.kafka_bootstrap or self.running(Kafka.name):
            return
        self._require_kafka_ports()
        if (formatting := self._kafka.prepare()) is not None:
            self.processes.run(formatting, kafka.FORMAT_SECONDS)
        self.processes.start(self._kafka.server())
        self.processes.wait_ready(Kafka.name, self._kafka.is_ready, kafka.READY_SECONDS)

    def stop_kafka(self) -> None:
        """Stop the broker in order."""
        self._require_own_kafka()
        self._stop_kafka()

    def kill_kafka(self) -> None:
        """SIGKILL to the broker, as a crash."""
        self._require_own_kafka()
        self.processes.stop(Kafka.name, number=signal.SIGKILL)

    def wipe_kafka(self) -> None:
        """Stop the broker and remove its data: the next start is of an empty broker, a new cluster."""
        self.kill_kafka()
        shutil.rmtree(self._kafka.data, ignore_errors=True)

    def start_postgres(self) -> None:
        """Start the server and wait until it takes connections; nothing to do for one given by its URL."""
        if self.settings.database_url or self.running(Postgres.name):
            return
        self._require_postgres_port()
        for step in self._postgres.prepare():
            self.processes.run(step, postgres.INITDB_SECONDS)
        self.processes.start(self._postgres.server())
        pid = self.processes.pid(Postgres.name)
        self.processes.wait_ready(Postgres.name, lambda: self._postgres.is_ready(pid), postgres.READY_SECONDS)

    def stop_postgres(self, *, immediate: bool = False) -> None:
        """Stop the server: sessions are ended and a checkpoint is written; `immediate` is as a crash."""
        self._require_own_postgres()
        self._stop_postgres(immediate=immediate)

    def wipe_postgres(self) -> None:
        """Stop the server and remove its data; the next start makes an empty database with the same URL."""
        self.stop_postgres(immediate=True)
        self._postgres.wipe()

    def start_zipkin(self) -> None:
        """Start Zipkin; it takes its time, and nothing needs to wait for it."""
        require_free("Zipkin", self.ports.zipkin)
        self.processes.start(self._zipkin.server())

    def wait_for_zipkin(self) -> None:
        """Wait until Zipkin answers."""
        self.processes.wait_ready(Zipkin.name, self._zipkin.is_ready, zipkin.READY_SECONDS)

    def start_process(
        self,
        name: str,
        argv: Sequence[str | Path],
        env: Mapping[str, str] | None = None,
        *,
        restart: bool = False,
    ) -> None:
        """Start a process; `env` is added to ours. `restart`: again, when it ends by itself."""
        self.processes.start(Program(name, argv, env or {}, restart=restart))

    def run(
        self,
        name: str,
        argv: Sequence[str | Path],
        env: Mapping[str, str] | None = None,
        *,
        seconds: float = 60.0,
    ) -> None:
        """Run a command to its end; raises `StartFailedError` with its log's tail if it fails."""
        self.processes.run(Program(name, argv, env or {}), seconds)

    def names(self) -> list[str]:
        """Of everything started so far."""
        return self._processes.names() if self._processes is not None else []

    def running(self, name: str) -> bool:
        """Whether the process (or "kafka", "postgres", "zipkin") runs or is about to be restarted."""
        return self._processes is not None and self._processes.running(name)

    def pid(self, name: str) -> int:
        """Its present process id."""
        return self.processes.pid(name)

    def signal(self, name: str, number: int) -> None:
        """Send it a signal."""
        self.processes.signal(name, number)

    def wait_exit(self, name: str, seconds: float | None = None) -> int:
        """Wait for the present process's end; its exit code, negative: a signal. Or `TimeoutError`."""
        return self.processes.wait_exit(name, seconds)

    def stop_process(self, name: str) -> None:
        """SIGTERM, then after 15 s SIGKILL; it is not restarted."""
        self.processes.stop(name)

    def _stop_kafka(self) -> None:
        if self.running(Kafka.name):
            self.processes.stop(Kafka.name, seconds=kafka.STOP_SECONDS)
            self._kafka.ended(self.processes.wait_exit(Kafka.name))

    def _stop_postgres(self, *, immediate: bool = False) -> None:
        number = signal.SIGQUIT if immediate else None
        self.processes.stop(Postgres.name, seconds=postgres.STOP_SECONDS, number=number)

    def _require_kafka_ports(self) -> None:
        if not (self.settings.kafka_bootstrap or self.running(Kafka.name)):
            require_free("Kafka", self.ports.kafka)
            require_free("Kafka's controller", self.ports.kafka_controller)

    def _require_postgres_port(self) -> None:
        if not (self.settings.database_url or self.running(Postgres.name)):
            require_free("Postgres", self.ports.postgres)

    def _require_own_kafka(self) -> None:
        if self.settings.kafka_bootstrap:
            raise NotOursError("KAFKA_BOOTSTRAP_SERVERS names a Kafka that is not ours; unset it to run our own.")

    def _require_own_postgres(self) -> None:
        if self.settings.database_url:
            raise NotOursError("DATABASE_URL names a Postgres that is not ours; unset it to run our own.")
