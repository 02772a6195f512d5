"""The floor: what the hops, rows and exchanges of the pipeline cost by themselves, written as plainly as possible.

Four processes stand in the services' places: the same topics and partitions, the same tables, the same number and size
of facts, the same HTTP with driver, agencies and businesses, the same batches, fsync on. What they leave out is
everything that makes it a window: nothing is validated, decided by a rule, traced or measured; nothing survives a crash
(facts go to Kafka from memory, not from the journal; intents are sent from memory, not read back); no record is known
as a repeat or a gap. Bytes are cut and joined where they stand, and trusted to be what the driver writes.

How near the pipeline comes to it is how little the promises cost.
"""
