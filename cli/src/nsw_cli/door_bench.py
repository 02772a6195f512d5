"""The door's part of `make bench`: intake and the bare door in turn, on one stack, under the same signed requests.

`python -m nsw_cli.door_bench` measures it alone. One intake process with tokens, registered certificates and signatures
required; no other service runs. Afterwards every 202 is looked up.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import typer
from nsw_benchmarks.door import judge, requests
from nsw_benchmarks.door.figures import KINDS, Kind, Round, door_table, kept, report
from nsw_benchmarks.door.load import Figures
from nsw_benchmarks.door.preparation import prepare
from nsw_benchmarks.door.signers import Signer, base64url
from nsw_benchmarks.identity import Identity
from nsw_benchmarks.measurement import cpu_seconds
from nsw_benchmarks.profile import Profile
from nsw_local import Ports, Process, Settings, Stack
from nsw_local.authority import LIST_PATH, DevelopmentAuthority
from nsw_local.supervisor import start_all

from nsw_cli.errors import FOUND_WRONG, CommandError, ReportingGroup
from nsw_cli.output import err, out, print_json
from nsw_cli.steps import Steps
from nsw_cli.system import System, authority_folder

BUSINESSES: Final = 200
SEED: Final = 5
COUNTS_SECONDS: Final = "3600"  # as everywhere but on a local stack, where authorities are asked every few seconds
SPARE_SECONDS: Final = 60.0
SLOWEST_PER_SECOND: Final = 100
_MS: Final = 1000

app = typer.Typer(cls=ReportingGroup, add_completion=False)


@dataclass(frozen=True)
class Shape:
    """How much is measured: so many submissions a round, over so many connections at once."""

    submissions: int = 20_000
    rounds: int = 3
    connections: int = 400  # so many wait at once that each of the door's steps has a group to work on
    warm_up: int = 2_000


@app.callback(invoke_without_command=True)
def door_bench(
    submissions: Annotated[int, typer.Option(min=1, help="How many to file in each round.")] = Shape.submissions,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each door; they take turns.")] = Shape.rounds,
    connections: Annotated[int, typer.Option(min=1, help="Connections kept open.")] = Shape.connections,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Measure the door alone. Exit code 1 if anything was not taken, lost or repeated."""
    found = measure(Shape(submissions, rounds, connections))
    if as_json:
        print_json(found)
    else:
        out.print(door_table(found))
    if not kept(found):
        raise typer.Exit(FOUND_WRONG)


def measure(shape: Shape) -> dict[str, Any]:
    """Measure both doors on a new stack, which is gone afterwards; gives the report."""
    settings = replace(Settings.from_environment(), kafka_bootstrap=None, database_url=None)
    profile = Profile(SEED, BUSINESSES, "plain")
    with (
        tempfile.TemporaryDirectory(prefix="nsw-door-") as name,
        Stack(Path(name) / "s", Ports.free(), settings) as stack,
    ):
        folder = Path(name)
        system = System.on(stack, NSW_SIGNATURES="required", NSW_REVOCATION_COUNTS_SECONDS=COUNTS_SECONDS)
        issuing, list_url = DevelopmentAuthority.of(authority_folder(stack.folder)), f"{system.issuer_url}{LIST_PATH}"
        signers = [Signer(one.tax_code, *issuing.issue(one.tax_code, list_url)) for one in profile.businesses]
        (folder / "keys.json").write_text(json.dumps({base64url(one.sha256): one.public for one in signers}))
        spec = replace(system.spec(), processes=[system.issuer(), system.service("intake"), _bare(system, folder)])
        with Steps() as steps:
            start_all(stack, spec, steps.begin)
            steps.begin("Registering businesses and signing their dossiers")
            run = _Run(stack, system, folder, shape)
            run.prepare(profile, signers)
            return run.measure(steps.begin)


def _bare(system: System, folder: Path) -> Process:
    """The bare door, on the port of a service that does not run."""
    port = system.ports.routing
    env = {
        "DATABASE_URL": system.database_url, "NSW_HTTP_PORT": str(port), "NSW_BARE_KEYS": str(folder / "keys.json"),
    }  # fmt: skip
    return Process(
        "bare",
        [sys.executable, "-m", "nsw_benchmarks.door.bare"],
        env,
        f"http://127.0.0.1:{port}/readyz",
        restart=False,
    )


class _Run:
    """Loads on the doors of one stack."""

    def __init__(self, stack: Stack, system: System, folder: Path, shape: Shape) -> None:
        self._stack = stack
        self._database_url = system.database_url
        self._urls: dict[Kind, str] = {
            "bare": f"http://127.0.0.1:{system.ports.routing}",
            "intake": system.services["intake"],
        }
        self._identity = Identity(system.issuer_url)
        self._folder = folder
        self._shape = shape
        self._filed = 0
        self._answers: list[Path] = []

    def prepare(self, profile: Profile, signers: Sequence[Signer]) -> None:
        """Register everybody, and write every request there will be."""
        authorizations = asyncio.run(prepare(self._urls["intake"], self._identity, signers))
        count = self._shape.warm_up + (self._shape.rounds + 1) * self._shape.submissions
        requests.write(self._folder / "requests", profile.dossiers(count), signers, authorizations, int(time.time()))

    def measure(self, begin: Callable[[str], None]) -> dict[str, Any]:
        """Warm up, rounds of each in turn, intake at half its rate, and the verdict."""
        begin("Warming up")
        for kind in KINDS:
            self._load(kind, self._shape.warm_up, 0)
        rounds: list[Round] = []
        for number in range(1, self._shape.rounds + 1):
            for kind in KINDS:
                begin(f"Round {number} of {self._shape.rounds}: {kind}")
                rounds.append(self._load(kind, self._shape.submissions, 0))
        rate = median(one.figures.per_second for one in rounds if one.kind == "intake")
        begin("Intake at half its rate")
        half = self._load("intake", self._shape.submissions, rate / 2)
        begin("Looking every 202 up")
        verdict = asyncio.run(judge.judge(self._database_url, self._answers))
        return report(rounds, half, self._shape.connections, verdict)

    def _load(self, kind: Kind, count: int, rate: float) -> Round:
        """One load; intake gets requests it has not seen, the bare door takes the same ones again."""
        start = self._filed if kind == "intake" else 0
        answers = self._folder / f"answers-{len(self._answers)}-{kind}"
        pids = {name: self._stack.pid(name) for name in ("kafka", "postgres", kind)}
        before = {name: cpu_seconds(pid) or 0.0 for name, pid in pids.items()}
        argv = [
            sys.executable, "-m", "nsw_benchmarks.door.load", str(urlsplit(self._urls[kind]).port),
            str(self._folder / "requests"), *map(str, (start, count, self._shape.connections, rate, answers)),
        ]  # fmt: skip
        try:
            done = subprocess.run(  # noqa: S603 - our own module
                argv, stdout=subprocess.PIPE, check=True, timeout=SPARE_SECONDS + count / SLOWEST_PER_SECOND
            )
        except subprocess.SubprocessError as error:
            raise CommandError(f"the load on {kind} did not end well: {error}") from error
        figures = Figures(**json.loads(done.stdout))
        if kind == "intake":
            self._filed += count
            self._answers.append(answers)
            self._drain()
        spent = {name: (cpu_seconds(pid) or 0.0) - before[name] for name, pid in pids.items()}
        spent["load"] = figures.cpu_seconds
        each = {name: seconds * _MS / max(1, figures.accepted) for name, seconds in spent.items()}
        return Round(kind, figures, each)

    def _drain(self) -> None:
        """Let the relay end: what it still sends belongs to these submissions, and not to the other door's round."""
        until = time.monotonic() + SPARE_SECONDS
        while asyncio.run(judge.unsent(self._database_url)):
            if time.monotonic() > until:
                raise CommandError("intake's facts do not reach Kafka. Look with `nsw status`")
            time.sleep(0.05)


if __name__ == "__main__":
    err.print("[bold]The door[/]")
    app()
