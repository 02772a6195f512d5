"""Intake's part in `nsw stream adopt`: what came from outside, and a restore had lost, is held again."""

from collections.abc import Sequence

from nsw_contracts.events import (
    AmendmentFiled,
    CommandFact,
    Fact,
    PaymentFiled,
    RegistrationFact,
    Submitted,
    SupplementFiled,
)
from nsw_contracts.lifecycle import Command
from nsw_runtime.database import Connection
from nsw_runtime.identity import registration_store

from nsw_intake import command_store, store
from nsw_intake.command_store import TAKEN_BACK, CommandRow
from nsw_intake.documents.references import References
from nsw_intake.store import Filing


async def take_back(connection: Connection, facts: Sequence[tuple[str, Fact]]) -> None:
    """Hold these dossiers, commands and registrations again, in the caller's transaction; facts come as (id, fact).

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
            fact.pack_version,
            fact.submitted_at,
            _references(fact).row(),
        )
        for _, fact in facts
        if isinstance(fact, Submitted)
    ]
    if filings:
        held = await store.file(connection, filings)
        again = [one._replace(idempotency_key=f"taken-back-{one.number}") for one in filings if one.number not in held]
        if again:
            await store.file(connection, again)
    commands = [
        CommandRow(
            fact.number,
            fact.declarant,
            fact.idempotency_key,
            _command(fact),
            TAKEN_BACK,
            fact_id,
            fact.filed_at,
            _references(fact).row(),
        )
        for fact_id, fact in facts
        if isinstance(fact, CommandFact)
    ]
    if commands:
        await command_store.file(connection, commands)
    registrations = [fact for _, fact in facts if isinstance(fact, RegistrationFact)]
    if registrations:
        await registration_store.apply(connection, registrations)


def _command(fact: CommandFact) -> Command:
    match fact:
        case SupplementFiled():
            return "supplement"
        case AmendmentFiled():
            return "amendment"
        case PaymentFiled():
            return "payment"
    return "withdrawal"


def _references(fact: Fact) -> References:
    match fact:
        case Submitted(content=content) | SupplementFiled(content=content) | AmendmentFiled(content=content):
            return References(content.declarant.tax_code, content.documents)
    return References("")
