"""Every pack's examples are lived by the whole system: filed over HTTP, decided by agencies that follow the story."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from nsw_contracts.topics import SERVICES
from nsw_procedures.pack import Example, Pack
from nsw_procedures.packs import packs
from nsw_runtime.database import schema_of
from support.businesses import Business, pack_today
from support.example_lives import Stage, body, own_words, stages
from support.live import Live
from support.polling import until

EXAMPLES = {
    f"{code}-{which}": (pack_today(code), example)
    for code in packs()
    for which, example in enumerate(pack_today(code).examples)
}
STAGE_SECONDS = 30.0
EVERY = pytest.mark.parametrize("name", EXAMPLES)


@dataclass
class Lived:
    """An example as far as it came; `shown` is the dossier at the end, `trouble` why it went no further."""

    pack: Pack
    example: Example
    business: Business
    stages: list[Stage]
    number: str = ""
    shown: dict[str, Any] | None = None
    trouble: str = ""

    def heard(self) -> Counter[tuple[str, str]]:
        timeline = self.shown["timeline"] if self.shown else []
        return Counter((one["agency"], one["what"]) for one in timeline if one["type"] == "status-changed")

    def over(self, stage: int) -> bool:
        """Whether all of this stage has happened. In the last one others may speak after the lead, unheard."""
        wanted = self.stages[stage].heard
        if stage == len(self.stages) - 1:
            wanted = Counter({said: times for said, times in wanted.items() if said[0] == self.pack.lead_agency})
        return self.shown is not None and wanted <= self.heard()


@pytest.fixture(scope="module")
async def lives(system: Live) -> dict[str, Lived]:
    """All examples side by side, stage by stage, as far as each of them comes."""
    await system.mend()
    found = {
        name: Lived(pack, example, Business(system), stages(pack, example))
        for name, (pack, example) in EXAMPLES.items()
    }
    for stage in range(max(len(lived.stages) for lived in found.values())):
        going = [lived for lived in found.values() if not lived.trouble and stage < len(lived.stages)]
        await asyncio.gather(*(_begin(lived, stage) for lived in going))
        await _follow([lived for lived in going if not lived.trouble], stage)
    await system.drained()
    await asyncio.gather(*(_look(lived) for lived in found.values() if lived.number))
    return found


async def _begin(lived: Lived, stage: int) -> None:
    """File, or do what the story has the business do next, once the agencies know what to answer."""
    business, command = lived.business, lived.stages[stage].command
    dossier = business.dossier(lived.pack, lived.example)
    await business.agencies_answer(lived.stages[stage].answers, branch=dossier["declarant"]["tax_code"][10:])
    if command is None:
        lived.number = await business.file(dossier)
        return
    assert lived.shown is not None
    last = lived.shown["timeline"][-1]["revision"]
    asked = body(business, lived.pack, lived.example, command, last)
    status, said = await business.ask(lived.number, command, asked)
    if status != 202:
        lived.trouble = f"{command} was answered {status}: {said}"


async def _look(lived: Lived) -> None:
    lived.shown = await lived.business.shown(lived.number)


async def _follow(going: list[Lived], stage: int) -> None:
    """Wait until the stage is over for all of them; those that do not get there are in trouble."""

    async def all_over() -> bool:
        await asyncio.gather(*(_look(lived) for lived in going if not lived.over(stage)))
        return all(lived.over(stage) for lived in going)

    try:
        await until(all_over, "a stage to be over", seconds=STAGE_SECONDS)
    except AssertionError:
        for lived in going:
            if not lived.over(stage):
                missing = lived.stages[stage].heard - lived.heard()
                lived.trouble = f"in stage {stage} this was never heard: {dict(missing)}"


def test_every_pack_in_force_that_is_real_has_an_example() -> None:
    lived = {pack.code for pack, _ in EXAMPLES.values()}
    assert lived == {code for code in packs() if not pack_today(code).placeholder}


@EVERY
async def test_an_example_ends_as_its_pack_says(lives: dict[str, Lived], name: str) -> None:
    lived = lives[name]
    assert not lived.trouble, (lived.example.story, lived.shown)
    assert lived.shown is not None
    assert (lived.shown["status"], lived.shown["pack_version"]) == (lived.example.ends, lived.pack.version)
    timeline = lived.shown["timeline"]
    assert [one["revision"] for one in timeline] == list(range(len(timeline)))
    assert not [one for one in timeline if one["type"] == "command-refused"]
    inspected = lived.pack.inspection is not None and bool(lived.example.goods)
    assert (len(timeline) > 1 and timeline[1]["type"] == "inspection-decided") is inspected


@EVERY
async def test_its_story_is_what_the_business_heard(lives: dict[str, Lived], name: str) -> None:
    """Of one agency everything, in order; of several each in its own order, and nothing after the lead's final word."""
    lived = lives[name]
    assert lived.shown is not None
    told = [one for one in lived.shown["timeline"] if one["type"] == "status-changed"]
    if len(lived.pack.agencies) == 1:
        steps = lived.example.story
        assert [one["what"] for one in told if one["what"] in own_words(lived.example, lived.pack.lead_agency)] == [
            step.split()[1] for step in steps if not step.startswith("declarant")
        ]
        assert len(told) == len(steps), "and one for each thing the business did"
        return
    for agency in lived.pack.agencies:
        said = own_words(lived.example, agency)
        heard = [one["what"] for one in told if one["agency"] == agency and one["what"] in said]
        assert heard == (said if agency == lived.pack.lead_agency else said[: len(heard)])


async def test_nothing_was_put_aside(lives: dict[str, Lived], system: Live) -> None:
    numbers = [lived.number for lived in lives.values()]
    async with system.owner() as owner:
        for service in SERVICES:
            schema = schema_of(service)
            for table, dossier in (("quarantine", "convert_from(key, 'utf8')"), ("parked", "dossier")):
                query = f"select {dossier} as number, reason from {schema}.{table} where {dossier} = any($1)"
                assert [tuple(row) for row in await owner.fetch(query, numbers)] == [], (service, table)
            query = f"select dossier, last_error from {schema}.intent where parked and dossier = any($1)"
            assert [tuple(row) for row in await owner.fetch(query, numbers)] == [], service
