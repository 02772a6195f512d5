"""SIGKILL of each service at each named crash point, in the middle of a replay: the counts stay exact."""

import signal

import pytest
from nsw_contracts.topics import SERVICES, Service
from nsw_runtime.crash import CRASH_POINTS, CrashPoint
from support.live import Live, kept

DOSSIERS = 120
RATE = 150.0  # so that dossiers still come while the process dies and comes back

PARTS: dict[Service, tuple[str, ...]] = {
    "intake": ("door", "consumer", "relay"),
    "routing": ("consumer", "relay"),
    "ministry-adapter": ("consumer", "relay", "sender"),
    "notifier": ("consumer", "relay", "sender"),
}
"""Which parts a service is made of; a part's crash points begin with its name."""

QUICK = {
    ("intake", "door.transaction.after"),
    ("routing", "consumer.transaction.after"),
    ("ministry-adapter", "sender.request.after"),
    ("notifier", "relay.send.after"),
}
"""Of each service one, where the work is done and not yet noted; these run in `make test`."""


ON_DOSSIERS_WAY = [point for point in CRASH_POINTS if not point.startswith("document.")]
"""Those a replay passes; no document is uploaded in it (tests/faults/test_document_crashes.py)."""


def all_cases() -> list[tuple[Service, CrashPoint]]:
    return [
        (service, point)
        for service in SERVICES
        for point in ON_DOSSIERS_WAY
        if point.partition(".")[0] in PARTS[service]
    ]


CASES = [
    pytest.param(*case, marks=() if case in QUICK else pytest.mark.faults, id="-".join(case)) for case in all_cases()
]


def test_every_service_dies_at_every_point_it_passes() -> None:
    covered = {(service, point) for service, point in all_cases()}
    assert {service for service, _ in covered} == set(SERVICES)
    assert {point for _, point in covered} == set(ON_DOSSIERS_WAY)
    assert {("notifier", point) for point in ON_DOSSIERS_WAY if not point.startswith("door.")} <= covered
    assert covered >= QUICK
    assert len(CASES) == 36


@pytest.mark.parametrize(("service", "point"), CASES)
async def test_a_service_killed_at_a_crash_point(live: Live, service: Service, point: CrashPoint) -> None:
    async def die_there_and_come_back() -> None:
        await live.kill(service)
        await live.begin(service, restart=False, NSW_CRASH_AT=point)
        assert await live.died(service) == -signal.SIGKILL, f"{service} passed {point} and lived"
        await live.begin(service)

    result = await live.replay(DOSSIERS, die_there_and_come_back, rate=RATE, seed=CRASH_POINTS.index(point))
    kept(result, DOSSIERS)
