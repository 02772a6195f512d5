"""Parking: an event that cannot be applied now waits with what follows of its dossier; others go on; release resumes.

`release` is what `nsw parked release` does: it marks the dossier's events, and the service tries them again.
"""

from nsw_local import Stack
from support.consuming import Consuming, consuming
from support.polling import until
from support.scratch import Database
from support.stories import Message, message, numbers, stories, stream


def renumbered(messages: list[Message]) -> list[Message]:
    """The same facts as a stream of their own, from position 1."""
    facts = {each.position: fact for each, fact in zip(stream(3), stories(3), strict=True)}
    return [message(position, *facts[each.position]) for position, each in enumerate(messages, 1)]


async def parked(at: Consuming) -> list[tuple[str, int, str]]:
    """Dossier, position and reason of what is parked, in the order in which it was parked."""
    rows = await at.pool.fetch("select dossier, position, reason from parked order by topic, position")
    return [(row["dossier"], row["position"], row["reason"]) for row in rows]


async def reached(at: Consuming, position: int, topic: int = 0) -> None:
    async def condition() -> bool:
        return await at.reached(topic) == position

    await until(condition, f"position {position} of topic {topic}")


async def release(at: Consuming, dossier: str) -> None:
    await at.pool.execute("update parked set released = true where dossier = $1", dossier)
    await at.consumer._applier.retry_released()


async def test_later_events_queue_behind_a_parked_one_and_others_go_on(stack: Stack, database: Database) -> None:
    held = numbers(3)[0]
    messages = stream(3)
    submission = messages[0]
    without_it = renumbered(messages[1:])
    async with consuming(database, stack.kafka_bootstrap, topics=2) as at:
        await at.produce(without_it)
        await reached(at, len(without_it))
        assert await at.statuses() == dict.fromkeys(numbers(3)[1:], ("result_issued", 2))
        waiting = await parked(at)
        assert [dossier for dossier, _, _ in waiting] == [held] * 3
        assert "no such case" in waiting[0][2]
        assert all("queued behind" in reason for _, _, reason in waiting[1:])

        # Released too early: it parks again, whole and in order.
        await release(at, held)
        assert [position for _, position, _ in await parked(at)] == [position for _, position, _ in waiting]

        # Its submission comes on another stream: there nothing is in front of it.
        await at.produce([submission], topic=1)
        await reached(at, 1, topic=1)

        async def whole() -> bool:
            return (await at.statuses()).get(held) == ("result_issued", 2) and not await parked(at)

        async def try_again() -> bool:
            await at.consumer._applier.retry_released()
            return await whole()

        await until(try_again, "the parked dossier to go on")
        told = [fact for fact in await at.facts() if held in fact]
        assert told == [f"routed {held}", f"status-changed {held} 1", f"status-changed {held} 2"]
        assert await at.quarantined() == []


async def test_what_comes_while_a_dossier_is_parked_keeps_its_order(stack: Stack, database: Database) -> None:
    held = numbers(3)[0]
    of_held = [each for each in stream(3) if each.key == held.encode()]
    async with consuming(database, stack.kafka_bootstrap, topics=2) as at:
        for position, each in enumerate(renumbered(of_held[1:]), 1):
            await at.produce([each])
            await reached(at, position)
        assert len(await parked(at)) == 3
        await at.produce([of_held[0]], topic=1)
        await reached(at, 1, topic=1)
        await at.consumer._applier.retry_released()
        assert await parked(at) == []
        assert await at.statuses() == {held: ("result_issued", 2)}
