"""The country's replay against the whole system: every acknowledged dossier is followed to its end."""

from support import streams
from support.live import Live, kept

DOSSIERS = 300


async def test_every_dossier_reaches_its_end_once_and_in_order(live: Live) -> None:
    kept(await live.replay(DOSSIERS), DOSSIERS)


async def test_the_brokers_copy_is_the_journal(live: Live) -> None:
    kept(await live.replay(50, seed=2), 50)
    async with live.owner() as owner:
        assert await streams.copy_troubles(owner, live.stack.kafka_bootstrap) == []
