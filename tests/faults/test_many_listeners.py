"""Ten thousand clients of the live stream on one process."""

import pytest
from support.live import Live
from support.many_listeners import hold

pytestmark = pytest.mark.faults
MOST_KIB_A_CLIENT = 64


async def test_ten_thousand_idle_clients(live: Live) -> None:
    each = await hold(live, 10_000)
    print(f"an idle client takes {each:.1f} KiB of the notifier's memory")  # shown with -rP
    assert each < MOST_KIB_A_CLIENT
