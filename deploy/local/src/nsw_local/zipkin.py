"""Zipkin, for looking at traces, kept in memory; listens on 127.0.0.1 only."""

import urllib.error
import urllib.request

from .downloads import fetch
from .java import find_java
from .ports import HOST, Ports
from .processes import Program
from .settings import Settings

READY_SECONDS = 60.0
ANSWER_SECONDS = 2.0
SPANS_KEPT = 100_000


class Zipkin:
    """The command line of a Zipkin server; starts nothing itself."""

    name = "zipkin"

    def __init__(self, ports: Ports, settings: Settings) -> None:
        self._ports, self._settings = ports, settings

    @property
    def url(self) -> str:
        """Where a browser finds it; spans are posted to `/api/v2/spans` below it."""
        return f"http://{HOST}:{self._ports.zipkin}"

    def server(self) -> Program:
        """The server."""
        (jar,) = fetch("zipkin", self._settings)
        java = find_java(self._settings.java_home).path
        jvm = [
            "-Xms64m",
            "-Xmx384m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:+ExitOnOutOfMemoryError",
        ]
        env = {
            "STORAGE_TYPE": "mem",
            "MEM_MAX_SPANS": str(SPANS_KEPT),
        }
        port = {"ip": HOST, "port": self._ports.zipkin, "protocols[0]": "http"}
        listen = [f"-Darmeria.ports[0].{key}={value}" for key, value in port.items()]
        return Program(self.name, [java, *jvm, *listen, "-jar", jar], env=env)

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=ANSWER_SECONDS) as answer:  # noqa: S310
                return bool(answer.status == 200)  # noqa: PLR2004
        except (urllib.error.URLError, OSError):
            return False
