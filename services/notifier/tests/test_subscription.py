"""Who hears of what, and the intents that follow from a status."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from nsw_contracts.envelope import fact_id
from nsw_contracts.events import (
    COMMAND_REFUSED,
    DEADLINE_NEAR,
    FACTS,
    INSPECTION_DECIDED,
    NOTIFIED,
    OVERDUE,
    PUBLIC_FACTS,
    STATUS_CHANGED,
    PublicFact,
    Status,
    says,
)
from nsw_contracts.lifecycle import STATUSES
from nsw_contracts.topics import STATUS
from nsw_notifier.directory import Directory
from nsw_notifier.handlers import Heard, StatusHandler
from nsw_notifier.subscription import TYPES, Change, Subscription, SubscriptionRequest
from nsw_notifier.webhook import EventReference
from nsw_runtime.handling import Applied, Event, Quarantine
from pydantic import ValidationError

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ALL = Subscription("sub_all", "0100109106", "webhook", "http://one.example/")
RESULTS = Subscription("sub_results", "0100109106", "webhook", "http://two.example/", "batch", "results")


KNOWN: dict[str, Any] = {
    "number": "260000000017", "revision": 1, "procedure": "BYTE0500009", "pack_version": "2026.1",
    "declarant": "0100109106", "agency": "BYTE", "changed_at": AT,
}  # fmt: skip
SAID: dict[str, dict[str, Any]] = {
    STATUS_CHANGED: {"what": "accepted"},
    COMMAND_REFUSED: {
        "command": "supplement", "command_id": "c", "explanation": {"vi": "Không thể", "en": "You cannot"},
    },
    DEADLINE_NEAR: {"due_at": AT},
    OVERDUE: {"due_at": AT},
    INSPECTION_DECIDED: {"lines": (), "day": AT.date(), "commitment": "0" * 64},
}  # fmt: skip
ARE_RESULTS = {
    "refused", "withdrawn", "result_issued", "result_amended", "result_revoked",  # nothing more comes, or it is new
    "supplement_requested", "fee_due",  # the business must act
}  # fmt: skip


def public(kind: str, status: Status) -> Event:
    fact = FACTS[kind].model_validate(KNOWN | SAID[kind] | {"status": status})
    return Event(STATUS.name, 0, 1, kind, "abc", "trace", fact, fact.model_dump_json().encode())


def changed(status: Status) -> Event:
    return public(STATUS_CHANGED, status)


def handler() -> StatusHandler:
    return StatusHandler(Directory(None), lambda: AT)  # type: ignore[arg-type]  # nothing is looked up here


def test_every_public_fact_is_tried_here() -> None:
    assert set(SAID) == set(PUBLIC_FACTS)


@pytest.mark.parametrize("kind", SAID)
@pytest.mark.parametrize("status", STATUSES)
def test_who_wants_results_hears_of_ends_of_what_it_must_do_and_of_what_it_cannot_have(
    kind: str, status: Status
) -> None:
    fact = public(kind, status).fact
    assert isinstance(fact, PublicFact)
    assert ALL.wants(fact)
    wanted = kind == COMMAND_REFUSED or (kind == STATUS_CHANGED and status in ARE_RESULTS)
    assert RESULTS.wants(fact) is wanted
    outcome = handler().handle(public(kind, status), Heard([ALL, RESULTS]))
    assert isinstance(outcome, Applied)
    assert [intent.lane for intent in outcome.intents] == ["sub_all", *(["sub_results"] if wanted else [])]


@pytest.mark.parametrize("kind", SAID)
def test_a_webhook_carries_its_facts_own_type(kind: str) -> None:
    event = public(kind, "accepted")
    outcome = handler().handle(event, Heard([ALL]))
    assert isinstance(outcome, Applied)
    told = json.loads(outcome.intents[0].body)
    assert (told["type"], told["data"]) == (kind, json.loads(event.value))


def test_a_status_becomes_one_intent_for_each_subscription_that_wants_it() -> None:
    outcome = handler().handle(changed("accepted"), Heard([ALL, RESULTS]))
    assert isinstance(outcome, Applied)
    (intent,) = outcome.intents
    assert (intent.lane, intent.dossier, intent.traceparent) == ("sub_all", "260000000017", "trace")
    assert intent.id == fact_id("abc", NOTIFIED, "sub_all")
    assert EventReference.model_validate_json(intent.body).id == "abc"
    both = handler().handle(changed("refused"), Heard([ALL, RESULTS]))
    assert isinstance(both, Applied)
    assert [one.lane for one in both.intents] == ["sub_all", "sub_results"]
    assert len({one.id for one in both.intents}) == 2
    assert handler().handle(changed("refused"), Heard([ALL, RESULTS])) == both, "the same event gives the same ids"


def test_what_a_live_stream_wants_is_kept_in_order_and_not_sent() -> None:
    stream = ALL._replace(id="sub_stream", kind="stream")
    first = handler().handle(changed("accepted"), Heard([ALL, stream]))
    assert isinstance(first, Applied)
    assert [one.lane for one in first.intents] == ["sub_all"]
    second = handler().handle(changed("refused"), first.state)
    assert isinstance(second, Applied)
    assert second.state is not None
    assert [json.loads(one.body)["data"]["status"] for one in second.state.kept] == ["accepted", "refused"]
    assert {(one.declarant, one.subscription) for one in second.state.kept} == {("0100109106", "sub_stream")}
    paused = handler().handle(changed("accepted"), Heard([stream._replace(state="paused")]))
    assert paused == Applied(intents=[])


@pytest.mark.parametrize("state", [None, Heard([]), Heard([RESULTS])])
def test_where_nobody_wants_it_nothing_is_sent(state: Heard | None) -> None:
    assert handler().handle(changed("accepted"), state) == Applied()


def test_a_fact_that_does_not_belong_here_is_quarantined() -> None:
    event = changed("accepted")._replace(type=NOTIFIED, fact=FACTS[NOTIFIED].model_construct(number="260000000017"))
    assert isinstance(handler().handle(event, Heard([ALL])), Quarantine)


@pytest.mark.parametrize("kind", SAID)
def test_filters_narrow_what_is_heard(kind: str) -> None:
    fact = public(kind, "refused").fact
    assert isinstance(fact, PublicFact)
    mine, other = ALL._replace, SAID.keys() - {kind}
    assert mine(types=[says(kind)]).wants(fact)
    assert not mine(types=[says(one) for one in other]).wants(fact)
    assert mine(dossiers=["260000000017"], procedures=["BYTE0500009"]).wants(fact)
    assert not mine(dossiers=["260000000025"]).wants(fact)
    assert not mine(procedures=["BCT9800001"]).wants(fact)
    assert not mine(dossiers=["260000000017"], types=[says(one) for one in other]).wants(fact)


def test_every_public_fact_can_be_chosen() -> None:
    assert {says(kind) for kind in PUBLIC_FACTS} == set(TYPES)


def test_what_is_not_verified_shows_no_secret() -> None:
    shown = ALL._replace(secret="whsec_x", previous="whsec_y").shown()
    assert "whsec" not in json.dumps(shown)


@pytest.mark.parametrize(
    "wrong",
    [
        {"declarant": "1"},
        {"url": "ftp://one.example"},
        {"url": "nothing"},
        {"url": "https://user:pass@one.example/"},
        {"url": "https://one.example/#there"},
        {"delivery": "twice"},
        {"events": "none"},
        {"types": ["sunshine"]},
        {"procedures": ["x"]},
        {"dossiers": ["1"]},
        {"dossiers": ["260000000017"] * 101},
        {"rate": 0},
        {"language": "fr"},
        {"secret": "mine"},
        {"kind": "email"},
        {"kind": "stream"},
        {"email": "a@b.example"},
        {"kind": "email", "url": None, "email": "a b@c.example"},
        {"kind": "email", "url": None, "email": "a@b.example\r\nBcc: x@y.example"},
        {"kind": "email", "url": None, "email": "nobody"},
    ],
)
def test_what_a_subscription_may_not_be(wrong: dict[str, Any]) -> None:
    good = {"declarant": "0100109106", "url": "https://one.example/hooks"}
    SubscriptionRequest.model_validate(good)
    with pytest.raises(ValidationError):
        SubscriptionRequest.model_validate(good | wrong)


def test_each_kind_has_its_address() -> None:
    base = {"declarant": "0100109106"}
    mail = SubscriptionRequest.model_validate(base | {"kind": "email", "email": "xnk@one.example"})
    assert mail.address == "xnk@one.example"
    assert SubscriptionRequest.model_validate(base | {"kind": "stream"}).address == "stream"


def test_a_change_leaves_out_what_stays() -> None:
    assert Change.model_validate({"rate": 5}).model_dump(exclude_none=True) == {"rate": 5}
    assert Change.model_validate({"types": []}).model_dump(exclude_none=True) == {"types": ()}
    with pytest.raises(ValidationError):
        Change.model_validate({"url": "https://another.example/"})
