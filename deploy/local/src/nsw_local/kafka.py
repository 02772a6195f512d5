"""One Kafka node, broker and controller in one, in KRaft mode, from its jars; listens on 127.0.0.1 only.

Everything of it is in one folder: `data/` is what `wipe` removes.
"""

import signal
import socket
import struct
import uuid
from base64 import urlsafe_b64encode
from functools import cached_property
from pathlib import Path

from .class_archive import ClassArchive
from .downloads import fetch
from .java import Java, find_java
from .ports import HOST, Ports
from .processes import Program
from .settings import Settings

READY_SECONDS = 60.0
STOP_SECONDS = 30.0
FORMAT_SECONDS = 60.0
CONNECT_SECONDS = 2.0
ENDED_IN_ORDER = 128 + signal.SIGTERM
"""Java's exit code after a SIGTERM that it obeyed."""
ASCII_END = 128
METADATA_KEY, METADATA_VERSION = 3, 4

UTF_8 = {"LC_ALL": "C.UTF-8"}
"""Or Java cannot name a folder such as /home/nguyễn."""

HEAP = ["-Xms128m", "-Xmx512m"]
JVM = [
    *HEAP,
    "-server",
    # A broker that shares two cores: the second compiler and the concurrent collector cost more than they give back
    # within 100,000 dossiers (172 against 300 microseconds of CPU a dossier over 30,000).
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",  # a broker without memory must end, not linger
    "-Djava.awt.headless=true",
]

LOG4J = """\
# To standard output, which is logs/kafka.log.
status = warn
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
logger.config.name = org.apache.kafka.common.config
logger.config.level = warn
logger.snapshots.name = org.apache.kafka.snapshot
logger.snapshots.level = warn
"""


class Kafka:
    """The files and command lines of a broker in `folder`; starts nothing itself."""

    name = "kafka"

    def __init__(self, folder: Path, ports: Ports, settings: Settings) -> None:
        self._folder, self._ports, self._settings = folder, ports, settings

    @property
    def data(self) -> Path:
        """The log directory."""
        return self._folder / "data"

    @property
    def bootstrap(self) -> str:
        """For clients' `bootstrap_servers`."""
        return f"{HOST}:{self._ports.kafka}"

    def prepare(self) -> Program | None:
        """Write the configuration; the program that formats the data folder, if that is still to do."""
        self._folder.mkdir(parents=True, exist_ok=True)
        lines = (f"{key}={_escaped(str(value))}\n" for key, value in self._config().items())
        self._properties.write_text("".join(lines), encoding="ascii")
        self._log4j.write_text(LOG4J)
        if (self.data / "meta.properties").exists():
            return None
        cluster = _cluster_id()
        arguments: list[str | Path] = ["format", "--cluster-id", cluster, "--config", self._properties]
        jvm = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", *self._archive.use()]  # runs for a second
        return self._program("kafka-format", jvm, "kafka.tools.StorageTool", arguments)

    def server(self) -> Program:
        """The broker."""
        return self._program(self.name, [*JVM, *self._archive.use_or_make()], "kafka.Kafka", [self._properties])

    def ended(self, code: int) -> None:
        """Tell how the broker ended."""
        if code == ENDED_IN_ORDER:
            self._archive.keep()

    def is_ready(self) -> bool:
        """Whether the broker answers, and is itself in the cluster (registered and not fenced)."""
        try:
            with socket.create_connection((HOST, self._ports.kafka), CONNECT_SECONDS) as connection:
                # Metadata: api key, version, correlation id, client id; no topics; create none
                request = struct.pack(">hhihib", METADATA_KEY, METADATA_VERSION, 1, -1, 0, 0)
                connection.sendall(struct.pack(">i", len(request)) + request)
                # size, correlation id, throttle time in ms, number of brokers
                answer = connection.recv(16, socket.MSG_WAITALL)
        except OSError:
            return False
        return len(answer) == 16 and struct.unpack(">iiii", answer)[3] == 1  # noqa: PLR2004 - four int32

    @property
    def _properties(self) -> Path:
        return self._folder / "server.properties"

    @property
    def _log4j(self) -> Path:
        return self._folder / "log4j2.properties"

    @cached_property
    def _java(self) -> Java:
        return find_java(self._settings.java_home)

    @cached_property
    def _class_path(self) -> str:
        return ":".join(map(str, fetch("kafka", self._settings)))

    @property
    def _archive(self) -> ClassArchive:
        return ClassArchive(self._settings.cache, self._folder, self._java, self._class_path)

    def _program(self, name: str, jvm: list[str], main: str, arguments: list[str | Path]) -> Program:
        log4j = f"-Dlog4j2.configurationFile={self._log4j}"
        argv = [self._java.path, *jvm, log4j, "-cp", self._class_path, main, *arguments]
        return Program(name, argv, env=UTF_8)

    def _config(self) -> dict[str, str | int]:
        broker, controller = f"{HOST}:{self._ports.kafka}", f"{HOST}:{self._ports.kafka_controller}"
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{broker}",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": str(self.data),
            # topics are declared, with their number of partitions, or they do not exist
            "auto.create.topics.enable": "false",
            # one node: nothing can be replicated
            "default.replication.factor": 1,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 8,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "share.coordinator.state.topic.num.partitions": 4,
            # nobody else is about to join
            "group.initial.rebalance.delay.ms": 0,
            # a crashed broker may register again only when its old session has ended: not after 9 s
            "broker.session.timeout.ms": 4000,
            "broker.heartbeat.interval.ms": 500,
            "log.retention.hours": 7 * 24,
            # a few processors, shared with everything else
            "num.network.threads": 1,
            "num.io.threads": 2,
            "background.threads": 4,
        }


def _escaped(value: str) -> str:
    """As in a Java properties file, which is Latin-1."""
    units = value.replace("\\", "\\\\").encode("utf-16-be").hex(" ", 2).split()
    return "".join(chr(int(unit, 16)) if int(unit, 16) < ASCII_END else f"\\u{unit}" for unit in units)


def _cluster_id() -> str:
    """A new id in Kafka's form; one that begins with a hyphen would be read as an option."""
    while (made := urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()).startswith("-"):
        pass
    return made
