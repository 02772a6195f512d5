"""Postgres stops, cuts lines and forgets: a receipt is never given for what was not committed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from nsw_cli.services import PACKAGES
from nsw_contracts.number import dossier_number
from support.dossiers import dossier, file_one
from support.live import Live, kept

DOSSIERS = 150
RATE = 100.0


async def test_postgres_stopped_at_once_and_restarted(live: Live) -> None:
    answers: list[tuple[int, str | None]] = []

    async def stop() -> None:
        await asyncio.to_thread(live.stack.stop_postgres, immediate=True)
        headers = await live.headers() | {"content-type": "application/json"}
        for each in range(20):
            async with live.http.post(
                f"{live.intake}/v1/dossiers",
                data=json.dumps(dossier()),
                headers=headers | {"idempotency-key": f"away-{each}"},
            ) as answer:
                answers.append((answer.status, answer.headers.get("retry-after")))
        status, problem = await live.ask("GET", f"{live.intake}/v1/dossiers/{dossier_number(2026, 0)}")
        assert (status, problem["type"]) == (503, "urn:nsw:problem:unavailable")
        await asyncio.to_thread(live.stack.start_postgres)

    kept(await live.replay(DOSSIERS, stop, rate=RATE), DOSSIERS)
    assert {status for status, _ in answers} == {503}
    assert all(wait is not None and int(wait) > 0 for _, wait in answers)


async def test_postgres_stopped_while_the_whole_country_files(live: Live) -> None:
    """Crashes in the middle of commits, twice: whatever has a receipt is there afterwards, and nothing twice."""

    async def crash() -> None:
        for _ in range(2):
            await asyncio.to_thread(live.stack.stop_postgres, immediate=True)
            await asyncio.to_thread(live.stack.start_postgres)

    kept(await live.replay(400, crash, rate=300.0), 400)


class CuttingProxy:
    """A TCP proxy before Postgres. Once armed, it lets a COMMIT through and cuts the line instead of its answer."""

    def __init__(self, port: int) -> None:
        self._upstream = port
        self.armed = False
        self.cuts = 0
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["CuttingProxy"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        committing = asyncio.Event()

        async def upwards() -> None:
            while data := await reader.read(1 << 16):
                if self.armed and b"COMMIT;" in data:
                    committing.set()
                up_writer.write(data)
                await up_writer.drain()

        async def downwards() -> None:
            while data := await up_reader.read(1 << 16):
                if committing.is_set() and b"COMMIT\x00" in data:
                    self.cuts += 1
                    return  # Postgres has committed; nobody hears of it
                writer.write(data)
                await writer.drain()

        ways = [asyncio.create_task(upwards()), asyncio.create_task(downwards())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, up_writer):
                end.close()
                with suppress(OSError):
                    await end.wait_closed()
            self._tasks.discard(task)


async def test_a_commit_whose_reply_is_cut_gives_the_first_receipt_on_retry(live: Live) -> None:
    port = live.stack.ports.postgres
    async with CuttingProxy(port).running() as proxy:
        url = live.system.service_url("intake").replace(f":{port}/", f":{proxy.port}/")
        await live.stop("intake")
        await live.begin("intake", DATABASE_URL=url)
        await live.ready("intake")
        proxy.armed = True
        status, problem = await file_one(live, "cut")
        assert (status, problem["type"]) == (503, "urn:nsw:problem:unavailable")
        proxy.armed = False
        assert proxy.cuts >= 1
        async with live.owner() as owner:
            held = await owner.fetchrow("select * from intake.dossier where idempotency_key = 'cut'")
            assert held is not None, "the first try was committed, though it was answered 503"
            for _ in range(2):
                status, receipt = await file_one(live, "cut")
                assert status == 202
                assert receipt["number"] == held["number"]
                assert receipt["received_at"] == held["submitted_at"].isoformat()
                assert receipt["content_sha256"] == held["content_sha256"]
            facts = await owner.fetchval("select count(*) from intake.journal where key = $1", held["number"])
            assert facts == 1
        await live.stop("intake")
    await live.begin("intake")
    await live.all_ready()
    await live.drained()


async def test_two_tries_of_one_key_at_once_get_one_receipt(live: Live) -> None:
    answers = await asyncio.gather(*(file_one(live, "at once") for _ in range(10)))
    assert {status for status, _ in answers} == {202}
    assert len({receipt["number"] for _, receipt in answers}) == 1


async def test_sigterm_in_the_middle_of_a_batch_drains_and_exits_0(live: Live) -> None:
    async def restart() -> None:
        for service in PACKAGES:
            assert await live.stop(service) == 0, f"{service} drains, and exits 0"
            await live.begin(service)

    kept(await live.replay(400, restart, rate=200.0), 400)


async def test_the_agency_applied_it_and_the_reply_was_lost(live: Live) -> None:
    async def drop() -> None:
        await live.ask("POST", f"{live.system.agencies_url}/faults", data=json.dumps({"drop_replies": 20}))
        await live.ask("POST", f"{live.system.businesses_url}/faults", data=json.dumps({"drop_replies": 20}))

    result = await live.replay(DOSSIERS, drop, rate=RATE)
    kept(result, DOSSIERS)
    assert result.wire_repeats > 0, "the same message was sent again under the same id"


@pytest.mark.faults
async def test_agencies_and_businesses_that_are_unavailable_for_a_while(live: Live) -> None:
    async def refuse() -> None:
        await live.ask("POST", f"{live.system.agencies_url}/faults", data=json.dumps({"unavailable": 15}))
        await live.ask("POST", f"{live.system.businesses_url}/faults", data=json.dumps({"unavailable": 15}))

    kept(await live.replay(DOSSIERS, refuse, rate=RATE), DOSSIERS)
