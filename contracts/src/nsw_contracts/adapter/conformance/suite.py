"""The rules as a pytest class: `TestConformance = test_class(rig)`, and nothing else to write.

pytest is not needed to import this; the class has plain methods, one for each rule that applies.
"""

from collections.abc import Callable
from typing import Any

from nsw_contracts.adapter.conformance.check import applicable, run_case, standing
from nsw_contracts.adapter.conformance.rig import Rig
from nsw_contracts.adapter.conformance.rules import RULES, Rule


def test_class(make_rig: Callable[[], Rig]) -> type:
    """A test class that starts the rig once and tries every rule that applies to its adapter.

    Raises:
        RuntimeError: the test agency does not start.
    """
    with standing(make_rig()) as stand:
        capabilities = applicable(stand)

    def setup_class(cls: Any) -> None:
        cls.running = standing(make_rig())
        cls.stand = cls.running.__enter__()

    def teardown_class(cls: Any) -> None:
        cls.running.__exit__(None, None, None)

    methods: dict[str, Any] = {
        "setup_class": classmethod(setup_class),
        "teardown_class": classmethod(teardown_class),
    }
    for rule in RULES:
        if rule.needs(capabilities):
            methods[f"test_{rule.id.replace('-', '_')}"] = _test(rule)
    return type("TestConformance", (), methods)


test_class.__test__ = False  # type: ignore[attr-defined]  # its name is for its readers, not for pytest


def _test(rule: Rule) -> Callable[[Any], None]:
    def test(self: Any) -> None:
        run_case(rule, self.stand)

    test.__doc__ = rule.title
    return test
