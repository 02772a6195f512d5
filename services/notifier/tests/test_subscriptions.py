"""Who hears of what, and the intents that follow from a status."""

from datetime import UTC, datetime
from typing import get_args

import pytest
from nsw_contracts.envelope import fact_id
from nsw_contracts.events import FACTS, NOTIFIED, STATUS_CHANGED, Status, StatusChanged
from nsw_contracts.topics import STATUS
from nsw_notifier.handlers import StatusHandler
from nsw_notifier.subscriptions import Subscription, SubscriptionRequest
from nsw_notifier.webhook import EventReference
from nsw_runtime.handling import Applied, Event, Quarantine
from pydantic import ValidationError

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ALL = Subscription("sub_all", "0100109106", "http://one.example/", "single", "all", "whsec_")
RESULTS = Subscription("sub_results", "0100109106", "http://two.example/", "batch", "results", "whsec_")


def changed(status: Status) -> Event:
    fact = StatusChanged(
        number="260000000017", revision=1, status=status, procedure="BYTE0500009", pack_version="2026.1",
        declarant="0100109106", agency="BYTE", changed_at=AT,
    )  # fmt: skip
    return Event(STATUS.name, 0, 1, STATUS_CHANGED, "abc", "trace", fact, fact.model_dump_json().encode())


def handler() -> StatusHandler:
    return StatusHandler(lambda _: None)


@pytest.mark.parametrize("status", get_args(Status))
def test_final_statuses_are_results(status: Status) -> None:
    change = changed(status).fact
    assert isinstance(change, StatusChanged)
    assert ALL.wants(change)
    assert RESULTS.wants(change) is (status in {"refused", "result_issued"})


def test_a_status_becomes_one_intent_for_each_subscription_that_wants_it() -> None:
    outcome = handler().handle(changed("accepted"), [ALL, RESULTS])
    assert isinstance(outcome, Applied)
    (intent,) = outcome.intents
    assert (intent.lane, intent.dossier, intent.traceparent) == ("sub_all", "260000000017", "trace")
    assert intent.id == fact_id("abc", NOTIFIED, "sub_all")
    assert EventReference.model_validate_json(intent.body).id == "abc"
    both = handler().handle(changed("refused"), [ALL, RESULTS])
    assert isinstance(both, Applied)
    assert [one.lane for one in both.intents] == ["sub_all", "sub_results"]
    assert len({one.id for one in both.intents}) == 2
    assert handler().handle(changed("refused"), [ALL, RESULTS]) == both, "the same event gives the same ids"


@pytest.mark.parametrize("state", [None, [], [RESULTS]])
def test_where_nobody_wants_it_nothing_is_sent(state: list[Subscription] | None) -> None:
    assert handler().handle(changed("accepted"), state) == Applied()


def test_a_fact_that_does_not_belong_here_is_quarantined() -> None:
    event = changed("accepted")._replace(type=NOTIFIED, fact=FACTS[NOTIFIED].model_construct(number="260000000017"))
    assert isinstance(handler().handle(event, [ALL]), Quarantine)


@pytest.mark.parametrize(
    "wrong",
    [
        {"declarant": "1"},
        {"url": "ftp://one.example"},
        {"url": "nothing"},
        {"delivery": "twice"},
        {"events": "none"},
        {"secret": "mine"},
    ],
)
def test_what_a_subscription_may_not_be(wrong: dict[str, str]) -> None:
    good = {"declarant": "0100109106", "url": "https://one.example/hooks"}
    SubscriptionRequest.model_validate(good)
    with pytest.raises(ValidationError):
        SubscriptionRequest.model_validate(good | wrong)
