"""What is wrong with a pack's examples by the pack itself; whether their stories can happen, the tests try."""

from collections.abc import Iterator
from typing import Final, NamedTuple, get_args

from nsw_contracts.lifecycle import COMMANDS, STATUSES, AgencySays
from pydantic import ValidationError

from nsw_procedures.example import example_content
from nsw_procedures.filing import faults
from nsw_procedures.pack import Example, Outcome, Pack

_SAYS: Final = get_args(AgencySays)
_WITH_OUTCOME: Final = ("result-issued", "result-amended")
_OUTCOMES: Final = get_args(Outcome)


class ExampleFault(NamedTuple):
    """One thing wrong with an example: its field in the pack (`examples/0/story/1`), in words."""

    field: str
    says: str


def example_faults(pack: Pack) -> list[ExampleFault]:
    """All that is wrong with a pack's examples."""
    return [
        ExampleFault(f"examples/{index}/{field}", says)
        for index, example in enumerate(pack.examples)
        for field, says in [*_content(pack, example), *_story(pack, example)]
    ]


def _content(pack: Pack, example: Example) -> Iterator[tuple[str, str]]:
    try:
        content = example_content(pack, example)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            yield "/".join(map(str, one["loc"])), one["msg"]
        return
    for pointer, says in faults(pack, content):
        yield pointer.removeprefix("/").removeprefix("consignment/"), says


def _story(pack: Pack, example: Example) -> Iterator[tuple[str, str]]:
    for index, step in enumerate(example.story):
        who, _, rest = step.partition(" ")
        says, _, outcome = rest.partition(" ")
        if who == "declarant":
            if rest not in COMMANDS:
                yield f"story/{index}", f"a declarant can ask for {', '.join(COMMANDS)}"
        elif who not in pack.agencies:
            yield f"story/{index}", f"{who} takes no part in this procedure"
        elif says not in _SAYS:
            yield f"story/{index}", f"no agency says {says!r}; they say {', '.join(_SAYS)}"
        elif bool(outcome) != (says in _WITH_OUTCOME) or (outcome and outcome not in _OUTCOMES):
            yield f"story/{index}", f"{' and '.join(_WITH_OUTCOME)} end with {', '.join(_OUTCOMES)}; nothing else does"
    if example.ends not in STATUSES:
        yield "ends", f"no status {example.ends!r}; there are {', '.join(STATUSES)}"
