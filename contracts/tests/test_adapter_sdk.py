"""The adapter SDK: what an adapter says of itself is checked, what it is given is safe to use."""

import logging
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from nsw_contracts.adapter import Capabilities, Delivery, Manifest, MinistryAdapter, NoSuchWord, Outcome, Taken, say
from nsw_contracts.adapter.discovery import faults, settings_of
from nsw_contracts.adapter.errors import BrokenConfiguration, Unreadable
from nsw_contracts.adapter.messages import WORDS
from nsw_contracts.adapter.redaction import STRUCK, Redaction
from nsw_contracts.adapter.strict_json import read_json
from nsw_contracts.events import Accepted, Forwarded, Routed
from nsw_contracts.lifecycle import AgencySays
from pydantic import BaseModel, ConfigDict, ValidationError

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
CAPABLE = {"query": True}


def manifest(name: str = "mine", **capabilities: Any) -> Manifest:
    return Manifest(
        name=name, version="1", agency="BYTE", protocol="ours", contact="it@byte.example",
        capabilities=Capabilities.model_validate(CAPABLE | capabilities),
    )  # fmt: skip


class Mine(MinistryAdapter):
    manifest: ClassVar[Manifest] = manifest(query=False, drops_repeats=True)

    async def deliver(self, delivery: Delivery) -> Outcome:
        return Taken(AT)


def delivery(raw: bytes) -> Delivery:
    return Delivery(message_id="0" * 32, agency="BYTE", number="260000000017", raw=raw)


def test_a_whole_adapter_has_no_faults() -> None:
    assert list(faults(Mine, "mine")) == []


class Loose(BaseModel):
    url: str


def _with(**attributes: Any) -> type:
    return type("Other", (Mine,), attributes)


@pytest.mark.parametrize(
    ("adapter", "said"),
    [
        (object, "derives from MinistryAdapter"),
        (Mine(None, None), "is no class"),  # type: ignore[arg-type]
        (type("None_", (MinistryAdapter,), {}), "has no `manifest`"),
        (_with(manifest=manifest("other", query=False, drops_repeats=True)), "its manifest says it is 'other'"),
        (type("Mute", (MinistryAdapter,), {"manifest": Mine.manifest}), "has no `deliver`"),
        (_with(settings_model=Loose), "lets any field pass"),
        (_with(settings_model=dict), "no pydantic model"),
        (_with(manifest=manifest(query=True)), "declares query and has no `query`"),
        (_with(manifest=manifest(batch=2, drops_repeats=True, query=False)), "has no `deliver_many`"),
        (_with(manifest=manifest(answers=["callback"], drops_repeats=True, query=False)), "has no `receive`"),
        (_with(manifest=manifest(answers=["poll"], drops_repeats=True, query=False)), "has no `confirm`"),
    ],
)
def test_what_is_wrong_with_an_adapter_is_named(adapter: Any, said: str) -> None:
    assert said in "; ".join(faults(adapter, "mine"))


def test_a_lost_reply_must_be_provided_for() -> None:
    with pytest.raises(ValidationError, match="a lost reply needs"):
        manifest(query=False)


def test_wrong_settings_are_named_by_field() -> None:
    class Settings(BaseModel):
        model_config = ConfigDict(extra="forbid")
        url: str

    adapter = _with(settings_model=Settings)
    with pytest.raises(BrokenConfiguration, match=r"/settings/url: Field required; /settings/ulr: Extra inputs"):
        settings_of(adapter, {"ulr": "https://one.example"})


def test_work_is_read_when_it_is_asked_for() -> None:
    content = (
        b'{"procedure":"BYTE0500009","declarant":{"tax_code":"9000000013","name":"A"},"consignment":{"direction":'
        b'"import","border_gate":"g","partner_country":"TH"},"contact":{"name":"B"}}'
    )
    head = b'"number":"260000000017","agency":"BYTE","role":"lead","pack_version":"2026.1","routed_at":"%s"' % (
        AT.isoformat().encode()
    )
    routed = delivery(b"{" + head + b',"content":' + content + b"}")
    assert isinstance(routed.work, Routed)
    assert (routed.work.what, routed.pack_version) == ("submitted", "2026.1")
    told = delivery(b"{" + head + b',"what":"fee-paid","amount":"5","currency":"VND"}')
    assert isinstance(told.work, Forwarded)
    assert told.work.what == "fee-paid"
    assert delivery(b"{}").pack_version == ""


def test_an_agency_speaks_about_the_delivery_whatever_it_writes() -> None:
    fields = {"number": "260000000025", "agency": "BCT", "message_id": "x", "decided_at": AT, "reference": "TN-1"}
    fact = delivery(b'{"pack_version":"2026.7"}').says("accepted", fields)
    assert isinstance(fact, Accepted)
    assert fact.model_dump(exclude={"decided_at", "reason"}) == {
        "number": "260000000017", "agency": "BYTE", "message_id": "0" * 32, "pack_version": "2026.7",
        "reference": "TN-1",
    }  # fmt: skip


def test_every_word_but_delivered_can_be_said_and_no_other() -> None:
    assert {*WORDS, "delivered"} == set(AgencySays.__args__)  # type: ignore[attr-defined]
    for kind in ("delivered", "eaten", ""):
        with pytest.raises(NoSuchWord):
            say(kind, number="260000000017", agency="BYTE", decided_at=AT)
        with pytest.raises(NoSuchWord):
            delivery(b"{}").says(kind, {"decided_at": AT})


def test_secrets_are_struck_out_wherever_they_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    redaction, log = Redaction(), logging.getLogger("nsw_contracts.tests.redaction")
    redaction.know([b"s3cret-value", b"-----BEGIN KEY-----\nAAAABBBBCCCC\n-----END KEY-----\n", b"abc"])
    log.addFilter(redaction)
    try:
        int("s3cret-value")
    except ValueError:
        log.exception("no %s, %s", "s3cret-value", "AAAABBBBCCCC", extra={"given": {"a": "s3cret-value"}, "n": 3})
    finally:
        log.removeFilter(redaction)
    (record,) = caplog.records
    whole = f"{record.getMessage()} {record.exc_text} {vars(record)}"
    assert "s3cret" not in whole
    assert "AAAABBBB" not in whole
    assert record.getMessage() == f"no {STRUCK}, {STRUCK}"
    assert "ValueError" in (record.exc_text or "")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"a":1,"a":2}', "key twice"),
        (b"[NaN]", "NaN is not JSON"),
        (b"[1e999]", "too large"),
        (b"[" * 65 + b"]" * 65, "deeper than 64"),
        (b'{"a":' * 1_000_000, "deeper than 64"),
        (b'"' + b"x" * 6_000_000 + b'"', "larger than"),
        (b'["\\u0000"]', "NUL"),
        (b'[{"\\ud800":1}]', "surrogate"),
        (b'"' + b'\\"' * 2_000_000, "no JSON"),
        (b"\xff", "not UTF-8"),
        (b"<html>", "no JSON at character 0"),
        (b"", "no JSON"),
    ],
)
def test_json_that_could_hurt_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read_json(body, largest=5_500_000)


def test_json_that_is_well_is_read() -> None:
    deep = b"[" * 64 + b"]" * 64
    assert read_json(deep, largest=200)
    assert read_json('{"a":["[[[[\\"{{{","Việt"]}'.encode(), largest=100, deepest=2) == {"a": ['[[[["{{{', "Việt"]}
