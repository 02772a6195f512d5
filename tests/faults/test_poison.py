"""Poison between good records: each is put aside raw, with its reason, and its neighbours are applied."""

import pytest
from nsw_contracts.envelope import ID, POSITION, TYPE
from nsw_local import Stack
from nsw_runtime import metrics
from support.consuming import Consuming, consuming
from support.polling import until
from support.scratch import Database
from support.stories import Message, numbers, stream


def with_header(message: Message, name: str, value: bytes | None) -> Message:
    return message._replace(headers=[(key, value if key == name else held) for key, held in message.headers])


POISON = {
    "bad JSON": (lambda m: m._replace(value=b'{"number": "26'), "value: "),
    "no value": (lambda m: m._replace(value=None), "value: "),
    "another schema": (lambda m: m._replace(value=b'{"number": "260000000009", "colour": "red"}'), "value: "),
    "not UTF-8": (lambda m: m._replace(value=b"\xff\xfe\x00"), "value: "),
    "a null header": (lambda m: with_header(m, TYPE, None), "headers: no ce_id, or unknown ce_type ''"),
    "a header that is not UTF-8": (lambda m: with_header(m, ID, b"\xff"), "headers: not UTF-8"),
    "an unknown type": (lambda m: with_header(m, TYPE, b"vn.nsw.dossier.eaten.v1"), "headers: no ce_id, or unknown"),
    "another key": (lambda m: m._replace(key=b"260000000000"), "key: "),
    "no key": (lambda m: m._replace(key=None), "key: "),
}


async def applied_to(at: Consuming, position: int) -> None:
    async def condition() -> bool:
        return await at.reached() == position

    await until(condition, f"position {position} to be applied")


@pytest.mark.parametrize("name", POISON)
async def test_a_poisoned_record_is_put_aside_and_its_neighbours_applied(
    stack: Stack, database: Database, name: str
) -> None:
    spoil, reason = POISON[name]
    messages = stream(9)[:9]
    poisoned = messages[4]
    async with consuming(database, stack.kafka_bootstrap) as at:
        await at.produce([*messages[:4], spoil(poisoned), *messages[5:]])
        await applied_to(at, 9)
        assert set(await at.statuses()) == set(numbers(9)) - {numbers(9)[4]}
        ((position, said),) = await at.quarantined()
        assert position == 5
        assert said.startswith(reason)
        row = await at.pool.fetchrow("select * from quarantine")
        assert (row["topic"], row["partition"], row["record_offset"]) == (at.topics[0], 0, 4)
        assert row["value"] == spoil(poisoned).value
        assert row["key"] == spoil(poisoned).key
        assert at.health.ready


@pytest.mark.parametrize("position", [None, b"", b"x", b"-3", b"0", b"9" * 40, b"\xff"])
async def test_a_foreign_record_without_a_position_is_put_aside(
    stack: Stack, database: Database, position: bytes | None
) -> None:
    messages = stream(3)[:3]
    foreign = Message(0, b"k", b"not ours", [(POSITION, position)])
    async with consuming(database, stack.kafka_bootstrap) as at:
        await at.produce([messages[0], foreign, *messages[1:], foreign._replace(headers=[])])
        await applied_to(at, 3)

        async def both() -> bool:
            return len(await at.quarantined()) == 2

        await until(both, "both foreign records to be put aside")
        assert {each[0] for each in await at.quarantined()} == {None}
        assert len(await at.statuses()) == 3


async def test_a_reason_says_the_rule_and_never_the_value(stack: Stack, database: Database) -> None:
    (first,) = stream(1)[:1]
    secret = first.value.replace(b'"procedure":"', b'"procedure":"Nguyen Van A 0912345678')
    async with consuming(database, stack.kafka_bootstrap) as at:
        await at.produce([first._replace(value=secret)])
        await applied_to(at, 1)
        ((_, reason),) = await at.quarantined()
        assert "procedure" in reason
        assert "0912345678" not in reason


async def test_too_much_poison_in_a_row_stops_the_consumer_loudly_and_drains_nothing(
    stack: Stack, database: Database
) -> None:
    messages = stream(40)[:40]
    poison = [each._replace(value=b"{") for each in messages[5:]]
    async with consuming(database, stack.kafka_bootstrap, poison_limit=10) as at:
        await at.produce(messages[:5])
        await applied_to(at, 5)
        await at.produce(poison)

        async def stopped() -> str:
            return " ".join(at.health.against.values())

        assert "10 unreadable records in a row" in await until(stopped, "the consumer to stop")
        assert await at.reached() == 5
        assert await at.quarantined() == []


async def test_poison_here_and_there_never_stops_the_consumer(stack: Stack, database: Database) -> None:
    messages = stream(40)[:40]
    mixed = [each._replace(value=b"{") if index % 4 else each for index, each in enumerate(messages)]
    async with consuming(database, stack.kafka_bootstrap, poison_limit=4) as at:
        await at.produce(mixed)
        await applied_to(at, 40)
        assert len(await at.quarantined()) == 30
        assert len(await at.statuses()) == 10


async def test_a_batch_read_again_and_again_counts_its_poison_once(stack: Stack, database: Database) -> None:
    messages = stream(5)[:5]
    async with database.owner() as owner, consuming(database, stack.kafka_bootstrap, poison_limit=3) as at:
        await owner.execute("alter table routing.quarantine rename to quarantine_away")
        await at.produce([messages[0], messages[1]._replace(value=b"{")])

        async def rolled_back_often() -> bool:
            return metrics.ROLLED_BACK.labels("fault")._value.get() >= before + 4

        before = metrics.ROLLED_BACK.labels("fault")._value.get()
        await until(rolled_back_often, "the batch to be rolled back four times")
        assert await at.reached() < 2
        await owner.execute("alter table routing.quarantine_away rename to quarantine")
        await at.produce(messages[2:])
        await applied_to(at, 5)
        assert len(await at.quarantined()) == 1
        assert at.health.ready
