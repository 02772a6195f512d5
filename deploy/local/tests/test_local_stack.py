import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from nsw_local import Ports, Stack
from nsw_local.errors import FolderInUseError, LocalStackError, NotOursError, PortTakenError
from nsw_local.settings import Settings


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("Nguyễn Văn"), Ports.free()) as running:
        running.start()
        yield running


def topics(stack: Stack, create: str | None = None) -> list[str]:
    async def ask() -> list[str]:
        admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
        await admin.start()
        try:
            if create:
                await admin.create_topics([NewTopic(create, 1, 1)])
            return await admin.list_topics()
        finally:
            await admin.close()

    return asyncio.run(ask())


def query(stack: Stack, sql: str) -> str:
    async def ask() -> str:
        connection = await asyncpg.connect(stack.database_url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_postgres_is_durable_private_and_survives_a_crash(stack) -> None:
    assert query(stack, "show server_version").startswith("18.")
    assert query(stack, "show fsync") == "on"
    assert query(stack, "show synchronous_commit") == "on"
    assert query(stack, "select lower('CỤC ĐĂNG KIỂM')") == "cục đăng kiểm"
    assert (stack.folder / "postgres" / "password").stat().st_mode & 0o777 == 0o600
    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(asyncpg.connect(stack.database_url, password="guess"))
    query(stack, "create table kept()")
    stack.stop_postgres(immediate=True)
    stack.start_postgres()
    assert query(stack, "select to_regclass('kept')::text") == "kept"


def test_a_wiped_postgres_is_empty_at_the_same_url(stack) -> None:
    query(stack, "create table gone()")
    url = stack.database_url
    stack.wipe_postgres()
    stack.start_postgres()
    assert stack.database_url == url
    assert query(stack, "select to_regclass('gone')::text") is None


def test_kafka_keeps_topics_over_a_crash_and_loses_them_in_a_wipe(stack) -> None:
    assert "nsw.test.v1" in topics(stack, create="nsw.test.v1")
    stack.kill_kafka()
    assert not stack.running("kafka")
    stack.start_kafka()
    assert "nsw.test.v1" in topics(stack)
    stack.wipe_kafka()
    stack.start_kafka()
    assert "nsw.test.v1" not in topics(stack)


def test_one_stack_a_folder(stack) -> None:
    with pytest.raises(FolderInUseError, match="already running"), Stack(stack.folder, stack.ports) as other:
        other.start()


@pytest.mark.parametrize("part", ["kafka", "kafka_controller", "postgres"])
def test_a_taken_port_is_named(tmp_path: Path, part: str) -> None:
    ports = Ports.free()
    taken = getattr(ports, part)
    with (
        socket.create_server(("127.0.0.1", taken)),
        Stack(tmp_path, ports) as stack,
        pytest.raises(PortTakenError, match=f"Port {taken} .*NSW_PORT_BASE"),
    ):
        stack.start()
    assert stack.names() == []


def test_what_is_given_is_neither_started_nor_stopped(tmp_path: Path) -> None:
    given = {
        "KAFKA_BOOTSTRAP_SERVERS": "broker:9092",
        "DATABASE_URL": "postgresql://db/nsw",
        "HOME": "/home/someone",
    }
    with Stack(tmp_path, settings=Settings.from_environment(given)) as stack:
        stack.start()
        assert stack.names() == []
        assert (stack.kafka_bootstrap, stack.database_url) == ("broker:9092", "postgresql://db/nsw")
        with pytest.raises(NotOursError, match="KAFKA_BOOTSTRAP_SERVERS"):
            stack.wipe_kafka()
        with pytest.raises(NotOursError, match="DATABASE_URL"):
            stack.stop_postgres()


def test_ports_from_a_base() -> None:
    assert Settings.from_environment({"NSW_PORT_BASE": "20000"}).ports == Ports(*range(20000, 20011))
    with pytest.raises(LocalStackError, match="NSW_PORT_BASE is 'x'"):
        Settings.from_environment({"NSW_PORT_BASE": "x"})
