"""Webhooks as the published Standard Webhooks library reads them."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nsw_notifier.subscription import Subscription, new_secret
from nsw_notifier.webhook import BATCH_TYPE, EventReference, batch_id, batch_json, event_json, sign
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DATA = b'{"number":"260000000017","declarant":"0100109106","revision":2,"reason":"Thi\xe1\xba\xbfu"}'


@given(st.dictionaries(st.text(), st.text() | st.integers(), max_size=5), st.text("0123456789abcdef", min_size=1))
def test_the_published_library_verifies_the_signature(value: dict[str, object], webhook_id: str) -> None:
    secret, body = new_secret(), json.dumps(value).encode()
    headers = sign([secret], webhook_id, datetime.now(UTC), body)
    assert headers["webhook-id"] == webhook_id
    assert Webhook(secret).verify(body, headers) == value


def test_one_changed_byte_id_time_or_secret_is_noticed() -> None:
    secret, body, now = new_secret(), b'{"a":1}', datetime.now(UTC)
    headers = sign([secret], "id", now, body)
    Webhook(secret).verify(body, headers)
    for wrong_body, wrong_headers, wrong_secret in [
        (b'{"a":2}', {}, secret),
        (body, {"webhook-id": "di"}, secret),
        (body, {"webhook-timestamp": str(int(now.timestamp()) + 1)}, secret),
        (body, {}, new_secret()),
    ]:
        with pytest.raises(WebhookVerificationError):
            Webhook(wrong_secret).verify(wrong_body, headers | wrong_headers)


def test_an_old_webhook_is_refused_as_the_library_does() -> None:
    secret = new_secret()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(b"{}", sign([secret], "id", datetime.now(UTC) - timedelta(minutes=6), b"{}"))


def test_a_secret_is_in_the_libraries_form_and_never_the_same() -> None:
    found = {new_secret() for _ in range(50)}
    assert len(found) == 50
    for secret in found:
        assert secret.startswith("whsec_")
        assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) <= 64


def test_an_event_is_json_with_the_fact_as_it_was_journaled() -> None:
    event = event_json("abc", "vn.nsw.dossier.status-changed.v1", AT, DATA)
    assert json.loads(event) == {
        "id": "abc",
        "type": "vn.nsw.dossier.status-changed.v1",
        "timestamp": "2026-03-02T09:00:00+00:00",
        "data": json.loads(DATA),
    }
    assert DATA in event
    read = EventReference.model_validate_json(event)
    assert (read.id, read.data.declarant, read.data.revision) == ("abc", "0100109106", 2)


def test_a_batch_is_json_with_every_event_in_order() -> None:
    events = [event_json(each, "t", AT, DATA) for each in "abc"]
    read = json.loads(batch_json(events, AT))
    assert read["type"] == BATCH_TYPE
    assert [event["id"] for event in read["data"]["events"]] == ["a", "b", "c"]


def test_a_batchs_id_is_that_of_its_events_and_of_no_others() -> None:
    assert batch_id(["a", "b", "c"]) == batch_id(["a", "b", "c"])
    assert len({batch_id(list(events)) for events in ("abc", "ac", "cba", "ab", "bc", "a")}) == 6


def test_a_webhook_signed_with_two_secrets_is_verified_by_either() -> None:
    new, old, body = new_secret(), new_secret(), b'{"a":1}'
    headers = sign([new, old], "id", datetime.now(UTC), body)
    assert Webhook(new).verify(body, headers) == Webhook(old).verify(body, headers) == {"a": 1}
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body, headers)


def test_the_secret_before_signs_until_its_time_is_over() -> None:
    one = Subscription("s", "d", "webhook", "u", secret="new", previous="old", previous_until=AT)
    assert one.secrets(AT - timedelta(seconds=1)) == ("new", "old")
    assert one.secrets(AT) == ("new",)
