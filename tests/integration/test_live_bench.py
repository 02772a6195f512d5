"""The live bench against the running system: it counts what it files, and says where the time goes."""

from nsw_benchmarks import live as bench
from nsw_benchmarks.identity import Identity
from nsw_cli.live_bench import live_table
from nsw_cli.system import BROKER, OPERATOR
from rich.console import Console
from support.live import Live

STAGES = ["routing hears of it", "the agency has answered", "routing says so", "the business hears"]


async def test_every_dossier_is_heard_of_and_its_way_is_timed(live: Live) -> None:
    at = live
    options = bench.LiveOptions(
        services=at.system.services,
        agencies_url=at.system.agencies_url,
        businesses_url=at.system.businesses_url,
        database_url=at.stack.database_url,
        identity=Identity(at.system.issuer_url, BROKER, OPERATOR),
        pids={"notifier": at.stack.pid("notifier")},
        rate=25,
        seconds=2,
        warm_up=0.4,
        businesses=40,
    )
    found = await bench.live(options)
    assert (found.dossiers, found.lost) == (50, 0)
    assert 0 < found.p50_ms <= found.p99_ms
    assert found.p50_ms <= found.last_p50_ms
    assert list(found.stages_ms) == STAGES
    assert all(median > 0 for median in found.stages_ms.values())
    assert set(found.cpu_ms_per_dossier) == {"notifier", "all"}
    console = Console(record=True, width=100)
    console.print(live_table(found.figures()))
    assert "to the first webhook" in console.export_text()
    async with at.owner() as owner:
        await owner.execute("delete from notifier.subscription where address like $1", f"{at.system.businesses_url}%")
