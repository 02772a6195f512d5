"""So many clients of the live stream on one process: what each takes, and that whoever is meant hears at once."""

import asyncio
from typing import Final

from nsw_contracts.topics import Service

from support.businesses import Business, decision, pack_today
from support.listeners import Listener, allow_files, listen
from support.live import Live
from support.polling import until

EACH: Final = 40  # clients of one business
LICENCE: Final = "BCT9800001"  # one agency, no inspection
NOTIFIER: Final[Service] = "notifier"


def resident_kb(live: Live) -> int:
    """What the notifier holds in memory now."""
    status = f"/proc/{live.stack.pid(NOTIFIER)}/status"
    with open(status, encoding="ascii") as lines:  # noqa: PTH123  # a file of the kernel's
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


async def hold(live: Live, clients: int) -> float:
    """Open them, tell one business something, let them go; the memory of one in KiB."""
    allow_files(clients + 1_000)
    businesses = [Business(live) for _ in range(clients // EACH)]
    mine = businesses[0]
    await live.stop(NOTIFIER)
    await live.begin(NOTIFIER, NSW_HTTP_CONNECTIONS_PER_ADDRESS=str(clients + 1_000))
    await live.ready(NOTIFIER)
    base = live.system.services[NOTIFIER]
    await live.register(*(one.tax_code for one in businesses))
    for one in businesses[-1:]:  # the last is heard of last
        await live.ask_once_registered("GET", f"{base}/v1/subscriptions?declarant={one.tax_code}")
    token = await live.token()
    warm = await listen(base, token, [mine.tax_code] * EACH)
    before = resident_kb(live)
    others = await listen(base, token, [one.tax_code for one in businesses[1:] for _ in range(EACH)])
    try:
        each = (resident_kb(live) - before) / len(others)
        await mine.agencies_answer({"BCT submitted": [decision("accepted")]})
        await mine.file(mine.dossier(pack_today(LICENCE)))
        await until(lambda: _heard(warm), f"all {EACH} clients of one business to hear", seconds=30)
        assert not any(one.events for one in others), "nobody hears of another's dossier"
        for one in businesses[1:]:
            await one.agencies_answer({"BCT submitted": [decision("accepted")]})
            await one.file(one.dossier(pack_today(LICENCE)))
        await until(lambda: _heard(others), "every client that was idle to hear, once", seconds=60)
        assert not any(one.ended for one in (*warm, *others))
    finally:
        for one in (*warm, *others):
            one.transport.abort()
        await asyncio.sleep(0)
    return each


async def _heard(listeners: list[Listener]) -> bool:
    return all(one.events == [1] for one in listeners)
