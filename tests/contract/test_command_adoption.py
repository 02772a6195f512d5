"""What a restore of Postgres lost is held again: dossiers and commands, taken back from the facts on the broker."""

import json
from datetime import UTC, datetime
from typing import Any

from nsw_contracts.content import with_content
from nsw_contracts.envelope import fact_id
from nsw_contracts.events import (
    AMENDMENT_FILED,
    FACTS,
    PAYMENT_FILED,
    SUBMITTED,
    SUPPLEMENT_FILED,
    WITHDRAWAL_FILED,
    Fact,
)
from nsw_contracts.lifecycle import Command
from nsw_contracts.number import dossier_number
from nsw_intake import command_store, store
from nsw_intake.adoption import take_back
from nsw_intake.command_store import TAKEN_BACK, CommandRow, Held
from nsw_intake.commands import FACT_TYPES
from nsw_intake.documents.reading import of_dossier
from nsw_runtime.database import Connection
from support.dossiers import dossier
from support.scratch import Database

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
NUMBER = dossier_number(2026, 1)
OTHER = dossier_number(2026, 2)
COMMANDS: dict[str, tuple[Command, dict[str, Any]]] = {
    SUPPLEMENT_FILED: ("supplement", {"content_sha256": "1" * 64, "note": "n"}),
    AMENDMENT_FILED: ("amendment", {"content_sha256": "2" * 64, "reason": "r"}),
    WITHDRAWAL_FILED: ("withdrawal", {"reason": "r"}),
    PAYMENT_FILED: ("payment", {"amount": "1", "currency": "VND", "reference": "FT1", "paid_at": AT.isoformat()}),
}


def fact(kind: str, **fields: Any) -> tuple[str, Fact]:
    """(id, fact) as `nsw stream adopt` reads it from the broker: whole, with its content."""
    known: dict[str, Any] = {"number": NUMBER, "idempotency_key": f"key-{kind}", "pack_version": "2026.1"}
    if kind == SUBMITTED:
        known |= {"submitted_at": AT.isoformat(), "content_sha256": "0" * 64}
    else:
        known |= {"declarant": dossier()["declarant"]["tax_code"], "filed_at": AT.isoformat()} | COMMANDS[kind][1]
    written = json.dumps(known | fields).encode()
    if "content_sha256" in known:
        written = with_content(written, json.dumps(dossier()).encode())
    return fact_id(f"{NUMBER}/{kind}", kind), FACTS[kind].model_validate_json(written)


async def held(connection: Connection, *keys: str, number: str = NUMBER) -> dict[str, Held]:
    found = await command_store.held(connection, [(number, key) for key in keys])
    return {key: one for (_, key), one in found.items()}


async def test_every_command_is_held_again_as_what_it_was(database: Database) -> None:
    facts = [fact(kind) for kind in COMMANDS]
    async with database.connection("intake") as connection, connection.transaction():
        await take_back(connection, [fact(SUBMITTED), *facts])
        found = await held(connection, *(f"key-{kind}" for kind in COMMANDS))
        assert found == {
            f"key-{kind}": Held(command, TAKEN_BACK, fact_id(f"{NUMBER}/{kind}", kind), AT)
            for kind, (command, _) in COMMANDS.items()
        }
        assert {command: FACT_TYPES[command] for command, _ in COMMANDS.values()} == {
            command: kind for kind, (command, _) in COMMANDS.items()
        }
        standing = (await command_store.standing(connection, [NUMBER]))[NUMBER]
        assert standing == (
            dossier()["declarant"]["tax_code"], dossier()["procedure"], "2026.1", "submitted", 0,
        )  # fmt: skip


async def test_their_documents_are_referred_to_again(database: Database) -> None:
    async with database.connection("intake") as connection, connection.transaction():
        await take_back(connection, [fact(SUBMITTED), fact(SUPPLEMENT_FILED), fact(WITHDRAWAL_FILED)])
        digests = [one["sha256"] for one in dossier()["documents"]]
        assert digests
        for digest in digests:
            given = await of_dossier(connection, NUMBER, digest)
            assert given is not None
            assert given.name
        rows = await connection.fetch("select documents from command order by command")
        assert [[one["sha256"] for one in json.loads(row[0] or "[]")] for row in rows] == [digests, []]


async def test_taking_back_again_changes_nothing(database: Database) -> None:
    async with database.connection("intake") as connection, connection.transaction():
        facts = [fact(SUBMITTED), fact(PAYMENT_FILED)]
        await take_back(connection, facts)
        before = await held(connection, f"key-{PAYMENT_FILED}")
        await take_back(connection, facts)
        assert await held(connection, f"key-{PAYMENT_FILED}") == before
        assert await connection.fetchval("select count(*) from dossier where number = $1", NUMBER) == 1


async def test_what_a_business_has_filed_since_keeps_its_key(database: Database) -> None:
    """It tried again before the restore was noticed: both dossiers were acknowledged, and both are held."""
    submitted_id, submitted = fact(SUBMITTED)
    payment_id, payment = fact(PAYMENT_FILED)
    async with database.connection("intake") as connection, connection.transaction():
        declarant = dossier()["declarant"]["tax_code"]
        since = store.Filing(OTHER, declarant, f"key-{SUBMITTED}", "9" * 64, dossier()["procedure"], "2026.1", AT)
        await store.file(connection, [since])
        new = CommandRow(NUMBER, declarant, f"key-{PAYMENT_FILED}", "payment", "8" * 64, payment_id, AT)
        await command_store.file(connection, [new])
        await take_back(connection, [(submitted_id, submitted), (payment_id, payment)])
        rows = await connection.fetch("select number, idempotency_key from dossier")
        assert {tuple(row) for row in rows} == {
            (OTHER, f"key-{SUBMITTED}"), (NUMBER, f"taken-back-{NUMBER}"),
        }  # fmt: skip
        found = await held(connection, f"key-{PAYMENT_FILED}")
        assert found[f"key-{PAYMENT_FILED}"].sha256 == "8" * 64, "the new try's body is known: it still tells apart"


async def test_one_key_in_two_dossiers_is_two_commands(database: Database) -> None:
    facts = [fact(WITHDRAWAL_FILED, number=number) for number in (NUMBER, OTHER)]
    async with database.connection("intake") as connection, connection.transaction():
        await take_back(connection, facts)
        for number in (NUMBER, OTHER):
            assert list(await held(connection, f"key-{WITHDRAWAL_FILED}", number=number)) == [f"key-{WITHDRAWAL_FILED}"]
