"""Registered certificates in memory: what counts how long, both policies when an authority is silent, and restarts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from nsw_intake.signing import known, store
from nsw_intake.signing.certificate import Unfit, read
from nsw_intake.signing.known import Known, KnownCertificates, RevocationPolicy
from nsw_intake.signing.revocation import StatusChecker
from nsw_intake.signing.roots import read_roots
from nsw_intake.signing.store import CertificateRow
from nsw_runtime.problems import Problem
from support.authority import Authority, Issued
from support.polling import until
from support.scratch import Database

MST = "0100109106"
COUNTS, GRACE = timedelta(minutes=10), timedelta(hours=5)


class Clock:
    """Time as the test says."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


class World:
    """One process' certificates over a database, beside an authority."""

    def __init__(self, database: Database, ca: Authority, folder: Path) -> None:
        self.database = database
        self.ca = ca
        self.clock = Clock()
        self._file = folder / "roots.pem"
        self._file.write_text(ca.roots_pem())

    @asynccontextmanager
    async def process(self, unreachable: Any = "refuse") -> AsyncIterator[KnownCertificates]:
        """A process that has just been started."""
        checker = StatusChecker(read_roots([str(self._file)]), self.clock, 0.0)
        policy = RevocationPolicy(COUNTS, unreachable, GRACE)
        async with self.database.pool("intake") as pool:
            yield KnownCertificates(pool, self.clock, checker, policy)
        await checker.close()

    async def register(self, issued: Issued) -> str:
        one = read(issued.certificate)
        der = issued.certificate.public_bytes(Encoding.DER)
        row = CertificateRow(
            one.sha256, MST, one.holder, one.issuer, one.serial, one.not_before, one.not_after, der, [], self.clock(),
            None, self.clock(), None,
        )  # fmt: skip
        async with self.database.connection("intake") as connection:
            assert await store.register(connection, row)
        return one.sha256

    async def row(self, sha256: str) -> CertificateRow:
        async with self.database.connection("intake") as connection:
            return (await store.certificates(connection, [sha256]))[sha256]


@pytest.fixture
def world(database: Database, ca: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(known, "RETRY_SECONDS", 0.0)
    ca.silent = False
    ca.asked.clear()
    return World(database, ca, tmp_path)


async def one_of(certificates: KnownCertificates, sha256: str) -> Known:
    return (await certificates.find([sha256]))[sha256]


async def test_an_answer_counts_and_then_another_is_asked_for(world: World) -> None:
    sha256 = await world.register(world.ca.issue(MST))
    began = world.clock()
    async with world.process() as certificates:
        found = await one_of(certificates, sha256)
        for _ in range(3):
            assert await certificates.standing(found) == ("good", began)
        assert not world.ca.asked, "what was found out at registration counts"
        world.clock.now = began + COUNTS + timedelta(seconds=1)
        standings = await asyncio.gather(*(certificates.standing(found) for _ in range(5)))
        assert set(standings) == {("good", world.clock())}
        assert world.ca.asked == {"/crl": 1}, "once for all that wait"
    assert (await world.row(sha256)).good_at == world.clock()
    async with world.process() as restarted:
        assert await restarted.standing(await one_of(restarted, sha256)) == ("good", world.clock())
    assert world.ca.asked == {"/crl": 1}, "a restart asks nobody"


async def test_past_half_of_its_time_an_answer_is_renewed_beside_the_work(world: World) -> None:
    sha256 = await world.register(world.ca.issue(MST))
    began = world.clock()
    async with world.process() as certificates:
        found = await one_of(certificates, sha256)
        world.clock.now = began + COUNTS / 2 + timedelta(seconds=1)
        assert await certificates.standing(found) == ("good", began), "it does not wait"

        async def renewed() -> bool:
            return (await certificates.standing(found)).checked_at == world.clock()

        await until(renewed, "the answer to be renewed")


@pytest.mark.parametrize("unreachable", ["refuse", "grace"])
async def test_a_silent_authority(world: World, unreachable: str) -> None:
    sha256 = await world.register(world.ca.issue(MST))
    began = world.clock()
    world.ca.silent = True
    async with world.process(unreachable) as certificates:
        found = await one_of(certificates, sha256)
        assert await certificates.standing(found) == ("good", began)
        world.clock.now = began + COUNTS + timedelta(seconds=1)
        if unreachable == "refuse":
            with pytest.raises(Problem) as refused:
                await certificates.standing(found)
            assert (refused.value.status, refused.value.headers) == (503, {"retry-after": "30"})
        else:
            assert await certificates.standing(found) == ("grace", began), "and the outcome says so"
            world.clock.now = began + GRACE + timedelta(seconds=1)
            with pytest.raises(Problem):
                await certificates.standing(found)
        world.ca.silent = False
        assert await certificates.standing(found) == ("good", world.clock())


async def test_a_revoked_one_stays_revoked_whatever_the_policy(world: World) -> None:
    issued = world.ca.issue(MST)
    sha256 = await world.register(issued)
    world.ca.revoke(issued)
    world.clock.now += COUNTS + timedelta(seconds=1)
    async with world.process("grace") as certificates:
        with pytest.raises(Unfit, match="revoked"):
            await certificates.standing(await one_of(certificates, sha256))
    assert (await world.row(sha256)).revoked_at is not None
    world.ca.silent = True
    async with world.process("grace") as certificates:
        with pytest.raises(Unfit, match="revoked"):
            await certificates.standing(await one_of(certificates, sha256))


async def test_one_whose_root_is_trusted_no_more_is_refused_and_recovers(world: World, tmp_path: Path) -> None:
    sha256 = await world.register(world.ca.issue(MST))
    world.clock.now += COUNTS + timedelta(seconds=1)
    trusted = world._file.read_text()
    world._file.write_text(Authority("http://127.0.0.1:9").roots_pem())
    async with world.process("grace") as certificates:
        with pytest.raises(Unfit, match="not trusted"):
            await certificates.standing(await one_of(certificates, sha256))
    assert (await world.row(sha256)).revoked_at is None, "a setting is mended, a revocation is not"
    world._file.write_text(trusted)
    async with world.process() as certificates:
        assert (await certificates.standing(await one_of(certificates, sha256))).revocation == "good"


async def test_an_end_is_seen_by_other_processes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sha256 = await world.register(world.ca.issue(MST))
    async with world.process() as certificates:
        found = await one_of(certificates, sha256)
        async with world.database.connection("intake") as connection:
            assert await store.end(connection, sha256, MST, world.clock())
            assert not await store.end(connection, sha256, "0100109107", world.clock())
        assert (await one_of(certificates, sha256)).row.ended_at is None, "it is kept in memory"
        monkeypatch.setattr(known, "SEEN_SECONDS", 0.0)
        again = await one_of(certificates, sha256)
        assert again.row.ended_at == world.clock()
        assert again.key is found.key, "the key is not read twice"
        assert await certificates.find(["0" * 64]) == {}


async def test_a_business_reads_its_own_rows_and_nobody_elses(world: World) -> None:
    sha256 = await world.register(world.ca.issue(MST))
    signed = store.Signed(b"body", (store.Verified("a..b", sha256, MST, world.clock(), "good", world.clock()),))
    async with world.database.connection("intake") as connection:
        await store.keep(connection, [store.SignedRow("260000000017", "f", MST, signed)], world.clock())
        for tenant, rows in ((MST, 1), ("0100109107", 0), ("", 0), ("*", 1)):
            async with connection.transaction():
                await connection.execute("select set_config('nsw.tenant', $1, true)", tenant)
                for table in ("signing_certificate", "signed"):
                    assert await connection.fetchval(f"select count(*) from {table}") == rows, (table, tenant)
