"""The door over a real database: dossiers that come together go together, and none costs another its receipt."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from nsw_intake.documents.references import Referring
from nsw_intake.door import Door, Receipt, Submission, submission
from nsw_intake.parsing import valid_content
from nsw_intake.rate_limits import RateLimits
from nsw_intake.settings import IntakeSettings
from nsw_intake.signing.receipts import ReceiptKeys, new_key
from nsw_intake.signing.setup import Signing, Trusted
from nsw_runtime.health import Health
from nsw_runtime.problems import Problem, unavailable
from nsw_runtime.relay import Relay
from nsw_runtime.telemetry import Telemetry
from support.dossiers import dossier
from support.scratch import Database

NOW = datetime(2026, 3, 2, tzinfo=UTC)


class Window:
    """A door, with the keys its receipts are verified by and its process of signatures."""

    def __init__(self, door: Door, keys: ReceiptKeys, signing: Signing) -> None:
        self.door = door
        self.keys = keys
        self.signing = signing

    def verified(self, receipt: Receipt) -> dict[str, Any]:
        found = jws.deserialize_compact(receipt.jws, KeySet.import_key_set(self.keys.jwks), algorithms=["ES256"])
        said: dict[str, Any] = json.loads(found.payload)
        return said


@pytest.fixture
async def window(database: Database, tmp_path: Path) -> AsyncIterator[Window]:
    key = tmp_path / "key.pem"
    key.write_text(new_key())
    settings = IntakeSettings.model_validate(
        {name: "x" * 40 for name, field in IntakeSettings.model_fields.items() if field.is_required()}
        | {"http_port": 1, "receipt_key_file": str(key), "signatures": "optional"}
    )
    relay = Relay(
        service="intake", database_url="-", bootstrap="-", health=Health(), telemetry=Telemetry("intake", settings)
    )
    relay.checked.set()
    trusted = Trusted.read(settings)
    async with database.pool("intake") as pool:
        signing = Signing.build(trusted, settings, pool, lambda: NOW)
        door = Door(
            pool=pool, clock=lambda: NOW, relay=relay, referring=Referring(required=False),
            signatures=signing.signatures, receipts=signing.receipts, rates=RateLimits(settings), waiting_most=10_000,
        )  # fmt: skip
        yield Window(door, trusted.keys, signing)
        await signing.close()


def one(which: int, name: str = "") -> Submission:
    """A dossier under a key of its own; with `name`, another one of the same business under the same key."""
    made = dossier(which)
    made["declarant"]["name"] += name
    return submission(valid_content(made), "1", f"key-{which}", None)


def refused() -> Submission:
    raise unavailable("not this one")


def broken() -> Submission:
    raise RuntimeError("a fault nobody foresaw")


async def test_each_of_many_gets_its_own_signed_receipt(window: Window) -> None:
    asked = [one(which) for which in range(30)]
    results = await asyncio.gather(*(window.door.take_in([each]) for each in asked))
    receipts = [found for (found,) in results if isinstance(found, Receipt)]
    assert [found.content_sha256 for found in receipts] == [each.content_sha256 for each in asked]
    assert len({found.number for found in receipts}) == 30
    for found in receipts:
        assert window.verified(found) | {"jws": found.jws} == found._asdict()
    again = await asyncio.gather(*(window.door.take_in([each]) for each in asked))
    assert [found for (found,) in again] == receipts, "sent again, the first receipt, to the byte"


async def test_what_is_wrong_with_one_is_wrong_with_no_other(window: Window, caplog: pytest.LogCaptureFixture) -> None:
    asked = [one(1), refused, lambda: one(2), broken, one(3), one(1, name=" (Hải Phòng)")]
    first, second, third, fourth, fifth, sixth = await window.door.take_in(asked)
    for found, which in ((first, 1), (third, 2), (fifth, 3)):
        assert isinstance(found, Receipt)
        assert found.content_sha256 == one(which).content_sha256
        assert window.verified(found)["number"] == found.number
    for found, status, kind in (
        (second, 503, "unavailable"), (fourth, 500, "fault"), (sixth, 422, "idempotency-key-reused"),
    ):  # fmt: skip
        assert isinstance(found, Problem)
        assert (found.status, found.kind) == (status, kind)
    assert "nobody foresaw" in caplog.text


async def test_a_receipt_that_cannot_be_signed_is_had_by_sending_again(
    window: Window, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(texts: object) -> list[str]:
        raise unavailable("away")

    monkeypatch.setattr(window.signing.receipts, "_sign", away)
    with pytest.raises(Problem) as raised:
        await window.door.take_in([one(1)])
    assert raised.value.status == 503
    async with database.connection("intake") as connection:
        number = await connection.fetchval("select number from dossier")
    monkeypatch.undo()
    (found,) = await window.door.take_in([one(1)])
    assert isinstance(found, Receipt)
    assert found.number == number
