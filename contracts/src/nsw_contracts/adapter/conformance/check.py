"""Runs the rules over an adapter and says what was shown: a result for each, and the level that all of them give."""

import asyncio
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, NamedTuple

from nsw_contracts.adapter.conformance import cases
from nsw_contracts.adapter.conformance.bench import Broken, Stand
from nsw_contracts.adapter.conformance.given import Given
from nsw_contracts.adapter.conformance.rig import ENTRY_POINTS, Rig
from nsw_contracts.adapter.conformance.rules import RULES, Rule
from nsw_contracts.adapter.context import HttpSettings
from nsw_contracts.adapter.discovery import settings_of
from nsw_contracts.adapter.manifest import QUALITIES, Capabilities, Quality
from nsw_contracts.adapter.protocol import MinistryAdapter

__all__ = ["Report", "Result", "applicable", "cases", "check", "run_case", "standing", "without_rig"]


class Result(NamedTuple):
    """What one rule came to. `says`: how it was broken."""

    rule: Rule
    outcome: Literal["passed", "failed", "not applicable"]
    says: str = ""


class Report(NamedTuple):
    """All of them, for one adapter."""

    name: str
    agency: str
    claimed: Quality
    results: Sequence[Result]

    @property
    def quality(self) -> Quality:
        """The highest level all of whose applicable rules hold, and those of the levels below."""
        failed = {QUALITIES.index(one.rule.level) for one in self.results if one.outcome == "failed"}
        return QUALITIES[min(failed, default=len(QUALITIES)) - 1]

    @property
    def passed(self) -> int:
        """How many rules hold."""
        return sum(one.outcome == "passed" for one in self.results)

    @property
    def failed(self) -> int:
        """How many are broken."""
        return sum(one.outcome == "failed" for one in self.results)

    def as_json(self) -> dict[str, object]:
        """The report as JSON."""
        return {
            "name": self.name,
            "agency": self.agency,
            "quality": self.quality,
            "claimed": self.claimed,
            "passed": self.passed,
            "failed": self.failed,
            "rules": [
                {
                    "id": one.rule.id,
                    "level": one.rule.level,
                    "title": one.rule.title,
                    "outcome": one.outcome,
                    "says": one.says,
                }
                for one in self.results
            ],
        }


@contextmanager
def standing(rig: Rig) -> Iterator[Stand]:
    """The rig, running for as long as the block lasts."""
    way = rig.start()
    try:
        yield Stand(rig, way)
    finally:
        rig.stop()


def applicable(stand: Stand) -> Capabilities:
    """What the adapter, as the rig sets it up, can do."""
    given = Given(stand.rig.agency, HttpSettings(plain_loopback=True), stand.way.secrets)
    return stand.rig.adapter(given.context, settings_of(stand.rig.adapter, stand.way.settings)).capabilities


def run_case(rule: Rule, stand: Stand) -> None:
    """Run one rule's case in an event loop of its own, against an agency that remembers nothing.

    Raises:
        Broken: the rule is broken.
        Exception: the adapter raised; that breaks it too.
    """
    stand.rig.reset()
    asyncio.run(rule.case(stand))  # type: ignore[arg-type]  # a case is a coroutine function


def check(rig: Rig) -> Report:
    """Try every rule that applies."""
    manifest = rig.adapter.manifest
    with standing(rig) as stand:
        capabilities = applicable(stand)
        results = [_result(rule, stand, capabilities) for rule in RULES]
    order = {level: index for index, level in enumerate(QUALITIES)}
    results.sort(key=lambda one: order[one.rule.level])
    return Report(manifest.name, rig.agency, manifest.quality, results)


def without_rig(adapter: type[MinistryAdapter]) -> Report:
    """The report on an adapter that nothing can be tried with."""
    manifest = adapter.manifest
    says = f"it has no rig: name one by an entry point {manifest.name!r} of the group {ENTRY_POINTS}"
    return Report(manifest.name, manifest.agency, manifest.quality, [Result(RULES[0], "failed", says)])


def _result(rule: Rule, stand: Stand, capabilities: Capabilities) -> Result:
    if not rule.needs(capabilities):
        return Result(rule, "not applicable")
    try:
        run_case(rule, stand)
    except Broken as error:
        return Result(rule, "failed", str(error))
    except Exception as error:  # noqa: BLE001  # whatever an adapter raises
        last = traceback.extract_tb(error.__traceback__)[-1]
        return Result(rule, "failed", f"{type(error).__name__}: {error} (at {last.filename}:{last.lineno})")
    return Result(rule, "passed")
