"""The judge is no rubber stamp: a build that acknowledges first and then applies is caught by the same replay."""

import signal
import sys
from pathlib import Path

from support.live import Live

WRONG_ROUTING = Path(__file__).with_name("wrong_routing.py")
DOSSIERS = 100


async def test_a_routing_that_acknowledges_first_is_caught(live: Live) -> None:
    async def die_between_the_two() -> None:
        await live.kill("routing")
        crash_at = "consumer.transaction.before"
        await live.run("routing", [sys.executable, str(WRONG_ROUTING)], NSW_CRASH_AT=crash_at)
        assert await live.died("routing") == -signal.SIGKILL
        await live.begin("routing")
        await live.ready("routing")

    result = await live.replay(DOSSIERS, die_between_the_two, rate=100.0, stall_seconds=6.0, drain=False)
    assert result.lost > 0
    assert result.repeated == result.out_of_order == result.unexpected == 0
    assert any(example.startswith("lost: ") for example in result.examples)
    await live.drained()  # whoever looks at the streams alone sees nothing: that is why the judge stands outside
