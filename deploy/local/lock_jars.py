# /// script
# requires-python = ">=3.11"
# ///
"""Regenerate src/nsw_local/jars.json: `python lock_jars.py`.

Needs Maven on the PATH; the program never runs it. The lock is the whole runtime closure of what is named
in `WANTED`, each jar with its Maven path, its size in bytes and its SHA-256. Change a version here, run
this, start the stack's tests, commit both files.
"""

import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

LOG4J = "2.25.5"  # what Kafka 4.4.0 itself asks for; the slf4j binding has to be the same
WANTED = {
    # transitive: Kafka's server jar and everything it needs at run time; its pom leaves the log binding to us
    "kafka": (
        True,
        ["org.apache.kafka:kafka_2.13:4.4.0", f"org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J}"],
    ),
    # one jar with everything in it
    "zipkin": (False, ["io.zipkin:zipkin-server:3.6.1:exec"]),
}
LOCK = Path(__file__).parent / "src" / "nsw_local" / "jars.json"


def dependency(coordinates: str, *, transitive: bool) -> str:
    """One <dependency> of a pom."""
    group, artifact, version, *classifier = coordinates.split(":")
    parts = [f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"]
    parts += [f"<classifier>{name}</classifier>" for name in classifier]
    if not transitive:
        parts.append("<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>")
    return f"<dependency>{''.join(parts)}</dependency>"


def resolve(folder: Path, coordinates: list[str], *, transitive: bool) -> list[dict[str, str | int]]:
    """The jars Maven brings for these coordinates, by path."""
    wanted = "".join(dependency(each, transitive=transitive) for each in coordinates)
    (folder / "pom.xml").write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>lock</groupId><artifactId>lock</artifactId>"
        f"<version>1</version><dependencies>{wanted}</dependencies></project>"
    )
    command = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime"]
    command += ["-Dmdep.useRepositoryLayout=true", f"-DoutputDirectory={folder / 'repository'}"]
    subprocess.run(command, cwd=folder, check=True)
    root = folder / "repository"
    return [
        {
            "path": jar.relative_to(root).as_posix(),
            "size": jar.stat().st_size,
            "sha256": hashlib.sha256(jar.read_bytes()).hexdigest(),
        }
        for jar in sorted(root.rglob("*.jar"))
    ]


def main() -> None:
    """Write the lock."""
    sections = {}
    for section, (transitive, coordinates) in WANTED.items():
        with tempfile.TemporaryDirectory() as folder:
            sections[section] = resolve(Path(folder), coordinates, transitive=transitive)
    LOCK.write_text(json.dumps(sections, indent=1) + "\n")
    for section, jars in sections.items():
        print(section, len(jars), "jars", sum(int(jar["size"]) for jar in jars), "bytes")


if __name__ == "__main__":
    main()
