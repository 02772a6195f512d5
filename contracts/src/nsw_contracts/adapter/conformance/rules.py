"""The rules an adapter is held to. A rule's case tells it in its docstring: what is tried, why, and how to mend it.

`@rule` registers a case; the order of registration is the order of the report. A level is reached when all applicable
rules of it and of those below hold.
"""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal

from nsw_contracts.adapter.conformance.bench import Stand
from nsw_contracts.adapter.manifest import Capabilities

Level = Literal["bronze", "silver", "gold", "platinum"]
Case = Callable[[Stand], Awaitable[None]]
Needs = Callable[[Capabilities], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `id` is also the name of its page."""

    id: str
    level: Level
    case: Case
    needs: Needs
    needs_text: str

    @property
    def title(self) -> str:
        """The rule, in a sentence without its full stop."""
        return self._told[0].removesuffix(".")

    @property
    def text(self) -> str:
        """What is tried, why, and how to mend it."""
        return self._told[2].strip()

    @property
    def _told(self) -> tuple[str, str, str]:
        return inspect.cleandoc(self.case.__doc__ or "").partition("\n")


RULES: Final[list[Rule]] = []


def always(_: Capabilities) -> bool:
    """Holds for every adapter."""
    return True


def rule(
    rule_id: str, level: Level, *, needs: Needs = always, needs_text: str = "Every adapter."
) -> Callable[[Case], Case]:
    """Register a case."""

    def register(case: Case) -> Case:
        RULES.append(Rule(rule_id, level, case, needs, needs_text))
        return case

    return register


def asks(capabilities: Capabilities) -> bool:
    """It can ask by message id."""
    return capabilities.query


def batches(capabilities: Capabilities) -> bool:
    """It delivers several at once."""
    return capabilities.batch > 1


def hears(capabilities: Capabilities) -> bool:
    """The agency speaks of its own accord."""
    return bool(capabilities.answers & {"callback", "poll"})


def called(capabilities: Capabilities) -> bool:
    """The agency calls."""
    return "callback" in capabilities.answers


def polls(capabilities: Capabilities) -> bool:
    """The agency is polled."""
    return "poll" in capabilities.answers


def inline(capabilities: Capabilities) -> bool:
    """Replies bring decisions."""
    return "inline" in capabilities.answers


def answered(capabilities: Capabilities) -> bool:
    """The agency's system answers each delivery."""
    return not capabilities.deposits


def signs(capabilities: Capabilities) -> bool:
    """Messages of the agency's own accord are signed."""
    return capabilities.signed and hears(capabilities)
