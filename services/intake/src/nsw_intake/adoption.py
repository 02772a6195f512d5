"""Intake's part in `nsw stream adopt`: dossiers that a restore of Postgres had lost are held again."""

from collections.abc import Sequence

from nsw_contracts.events import Fact, Submitted
from nsw_runtime.database import Connection

from nsw_intake import store
from nsw_intake.store import Filing


async def take_back(connection: Connection, facts: Sequence[tuple[str, Fact]]) -> None:
    """Hold these dossiers again, in the caller's transaction.

    Where the business has meanwhile used the same idempotency key for a new try, that try keeps the key and the dossier
    taken back is held under a key made from its number: both were acknowledged, both stay.
    """
    filings = [
        Filing(
            fact.number,
            fact.content.declarant.tax_code,
            fact.idempotency_key,
            fact.content_sha256,
            fact.content.procedure,
            fact.submitted_at,
        )
        for _, fact in facts
        if isinstance(fact, Submitted)
    ]
    if not filings:
        return
    held = await store.file(connection, filings)
    again = [one._replace(idempotency_key=f"taken-back-{one.number}") for one in filings if one.number not in held]
    if again:
        await store.file(connection, again)
