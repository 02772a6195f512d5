"""The replay's part of `make bench`: the floor, the pipeline, the pipeline with the full mix, in turn, on new stacks.

It lives here because only this package may start services; the floor and the figures are `nsw_benchmarks`'.
"""

import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from nsw_benchmarks.comparison import KINDS, Kind, Round, compare
from nsw_benchmarks.identity import Identity
from nsw_benchmarks.machine import machine
from nsw_benchmarks.replay import ReplayOptions
from nsw_local import Ports, Process, Settings, Stack
from nsw_local.supervisor import start_all

from nsw_cli import replaying
from nsw_cli.output import err
from nsw_cli.steps import Steps
from nsw_cli.system import System

NAMES: Final[dict[Kind, str]] = {
    "floor": "the floor",
    "pipeline": "the pipeline",
    "full": "the pipeline, with the whole life of a dossier",
}
FLOOR: Final[dict[str, str]] = {
    "intake": "nsw_benchmarks.floor.intake",
    "routing": "nsw_benchmarks.floor.routing",
    "ministry-adapter": "nsw_benchmarks.floor.adapter",
    "notifier": "nsw_benchmarks.floor.notifier",
}


def measure(dossiers: int, rounds: int) -> dict[str, Any]:
    """Rounds of each kind, in turn; gives the report."""
    measured_at = datetime.now(UTC).isoformat(timespec="seconds")
    on = machine()
    done: list[Round] = []
    for number in range(1, rounds + 1):
        for kind in KINDS:
            err.print(f"Round {number} of {rounds}: {NAMES[kind]}")
            done.append(_round(kind, dossiers))
    return compare(done, on, measured_at)


def _round(kind: Kind, dossiers: int) -> Round:
    """One replay against a new stack, which is gone afterwards."""
    # Its own Kafka and Postgres, whatever the environment names: a benchmark writes into nobody's database.
    settings = replace(Settings.from_environment(), kafka_bootstrap=None, database_url=None)
    with (
        tempfile.TemporaryDirectory(prefix="nsw-bench-") as folder,
        Stack(Path(folder) / "s", Ports.free(), settings) as stack,
    ):
        system = System.on(stack)
        spec = system.spec()
        if kind == "floor":
            spec = replace(spec, processes=[_floor(process, system) for process in spec.processes])
        with Steps() as steps:
            start_all(stack, spec, steps.begin)
        names = ("kafka", "postgres", *(process.name for process in spec.processes))
        result = replaying.run(
            ReplayOptions(
                services=system.services,
                agencies_url=system.agencies_url,
                businesses_url=system.businesses_url,
                dossiers=dossiers,
                pids={name: stack.pid(name) for name in names},
                mix="full" if kind == "full" else "plain",
                identity=None if kind == "floor" else Identity(system.issuer_url),
            )
        )
    for example in result.examples:
        err.print(example, markup=False)
    return Round(kind, result)


def _floor(process: Process, system: System) -> Process:
    """The floor's process in a service's place; simulators stay what they are. Never restarted.

    It owns the tables: row-level security is part of the price of the pipeline, and none of the floor's.
    """
    module = FLOOR.get(process.name)
    if module is None:
        return process
    env = {**process.env, "DATABASE_URL": system.database_url}
    return replace(process, argv=[sys.executable, "-m", module], env=env, restart=False)
