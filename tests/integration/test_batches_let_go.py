"""A batch's records are let go when it has been applied: nothing of them is left to the garbage collector.

What is left to it is walked again and again, and dropped at once, by the hundred thousand, in pauses of 200 ms.
"""

import gc

from aiokafka import ConsumerRecord
from nsw_local import Stack
from support.consuming import consuming
from support.polling import until
from support.scratch import Database
from support.stories import stream

A_BATCH, A_FEW = 20, 120


async def test_records_do_not_outlive_their_batch(stack: Stack, database: Database) -> None:
    messages = stream(150)
    async with consuming(database, stack.kafka_bootstrap, batch_records=A_BATCH) as at:

        async def all_applied() -> bool:
            return await at.reached() == len(messages)

        gc.collect()
        gc.disable()
        try:
            await at.produce(messages)
            await until(all_applied, "all to be applied")
            held = sum(isinstance(each, ConsumerRecord) for each in gc.get_objects())
        finally:
            gc.enable()
        assert held <= A_FEW, "of 600, and those only since connections were made while their batch was applied"
