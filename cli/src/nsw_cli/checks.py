"""What `nsw doctor` looks at. A check never raises: what it meets is its finding."""

import asyncio
import platform
import shutil
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal, NamedTuple

from nsw_local import LocalStackError, Settings, State
from nsw_local.downloads import locked_jars
from nsw_local.java import find_java
from nsw_local.ports import is_free

from nsw_cli.errors import CommandError
from nsw_cli.readiness import readiness

OLDEST_PYTHON: Final = (3, 11)
GIB: Final = 1024**3
LEAST_FREE_GIB, FREE_GIB = 1, 5  # an empty stack takes a few hundred MB; a million dossiers some GB
CONNECT_SECONDS: Final = 5.0


class Finding(NamedTuple):
    """One line of the doctor's; `next_step` is empty where nothing needs to be done."""

    check: str
    verdict: Literal["ok", "warn", "fail"]
    detail: str
    next_step: str = ""


def python() -> Finding:
    """The interpreter and this release."""
    detail = f"Python {platform.python_version()}, nsw {version('nsw-cli')}"
    if sys.version_info < OLDEST_PYTHON:
        return Finding("python", "fail", detail, "install Python 3.11 or newer")
    return Finding("python", "ok", detail)


def java(settings: Settings) -> Finding:
    """A Java that runs Kafka."""
    if settings.kafka_bootstrap:
        return Finding("java", "ok", "not needed: KAFKA_BOOTSTRAP_SERVERS names a Kafka")
    try:
        found = find_java(settings.java_home)
    except LocalStackError as error:
        return Finding("java", "fail", "none that runs Kafka", str(error))
    return Finding("java", "ok", f"Java {found.version}, {found.path}")


def cache(settings: Settings) -> Finding:
    """What a start would have to download."""
    jars = locked_jars("kafka")
    missing = [jar for jar in jars if not (settings.cache / "maven" / jar.path).exists()]
    if missing and not settings.kafka_bootstrap:
        megabytes = sum(jar.size for jar in missing) / 1e6
        return Finding(
            "cache", "warn", f"{len(missing)} of Kafka's {len(jars)} jars are not in {settings.cache}",
            f"the next start downloads {megabytes:.0f} MB from {settings.maven_url} (NSW_MAVEN_URL)",
        )  # fmt: skip
    return Finding("cache", "ok", f"Kafka's {len(jars)} jars are in {settings.cache}")


def disk(folder: Path) -> Finding:
    """Room for data."""
    place = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free / GIB
    detail = f"{free:,.1f} GiB free at {place}"
    if free < LEAST_FREE_GIB:
        return Finding(
            "disk", "fail", detail, f"free some space, or use another --folder; {LEAST_FREE_GIB} GiB at least"
        )
    if free < FREE_GIB:
        return Finding("disk", "warn", detail, f"a large replay fills the disk; have {FREE_GIB} GiB free")
    return Finding("disk", "ok", detail)


def stack_state(folder: Path, stack: State | None) -> Finding:
    """The local stack's own word."""
    if stack is None:
        return Finding("stack", "ok", f"none runs in {folder}; `nsw up` starts one")
    if stack.status == "failed":
        return Finding("stack", "fail", stack.message, f"see {folder / 'logs'}, then `nsw down` and `nsw up`")
    if stack.status == "starting":
        return Finding("stack", "warn", stack.message, "wait, then run it again")
    restarts = ", ".join(f"{name} {times} times" for name, times in stack.restarts.items() if times)
    if restarts:
        return Finding("stack", "warn", f"up, but restarted: {restarts}", f"see why in {folder / 'logs'}")
    return Finding("stack", "ok", f"up in {folder}")


def ports(settings: Settings, stack: State | None) -> Finding:
    """Whether the ports a start needs are free. Those of a stack that is up are its own."""
    if stack is not None:
        used = asdict(stack.ports)
        return Finding("ports", "ok", f"{min(used.values())} to {max(used.values())}: this stack's own")
    taken = [f"{port} ({name})" for name, port in asdict(settings.ports).items() if not is_free(port)]
    if taken:
        step = "stop what listens there, or set NSW_PORT_BASE=20000 and the stack takes the ports from 20000 on"
        return Finding("ports", "warn", f"in use by other programs: {', '.join(taken)}", step)
    return Finding("ports", "ok", "all free")


def services(stack: State | None) -> list[Finding]:
    """Each service's readiness, with what stands against it."""
    if stack is None or stack.status != "ready":
        return []
    return [
        Finding(found.service, "ok", f"ready at {found.url}")
        if found.ready
        else Finding(found.service, "fail", "; ".join(found.against.values()), f"see its log; ask {found.url} again")
        for found in readiness(stack)
    ]


def postgres(url: str | None) -> Finding | None:
    """Whether Postgres lets us in, and which it is; None where there is none to ask."""
    if url is None:
        return None
    try:
        return Finding("postgres", "ok", asyncio.run(_ask_postgres(url)))
    except CommandError as error:
        return Finding("postgres", "fail", str(error), "start it, or mend DATABASE_URL")


def kafka(bootstrap: str | None) -> Finding | None:
    """Whether Kafka answers; None where there is none to ask."""
    if bootstrap is None:
        return None
    try:
        return Finding("kafka", "ok", asyncio.run(_ask_kafka(bootstrap)))
    except CommandError as error:
        return Finding("kafka", "fail", str(error), "start it, or mend KAFKA_BOOTSTRAP_SERVERS")


async def _ask_postgres(url: str) -> str:
    from nsw_cli.database import schema  # noqa: PLC0415  # slow import

    async with schema(url, "intake") as connection:
        installed = await connection.fetchval("select to_regclass('journal') is not null")
        server = await connection.fetchval("select current_setting('server_version')")
    return f"PostgreSQL {server}, schemas {'installed' if installed else 'not installed yet: `nsw install`'}"


async def _ask_kafka(bootstrap: str) -> str:
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415  # slow import
    from nsw_runtime.kafka import UNREACHABLE  # noqa: PLC0415  # slow import

    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=int(CONNECT_SECONDS * 1000))
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await admin.start()
            brokers = (await admin.describe_cluster())["brokers"]
            topics = [topic for topic in await admin.list_topics() if topic.startswith("nsw.")]
    except UNREACHABLE as error:
        raise CommandError(f"Kafka at {bootstrap} cannot be reached: {str(error) or type(error).__name__}") from error
    finally:
        await admin.close()
    return f"{bootstrap}: {len(brokers)} broker{'s' * (len(brokers) != 1)}, {len(topics)} topics of ours"
