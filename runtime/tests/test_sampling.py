"""Who decides what is traced: the caller, then the rate; what goes wrong is traced whatever they said."""

from collections.abc import Iterator, Sequence

import pytest
from nsw_runtime.settings import ServiceSettings
from nsw_runtime.telemetry import Telemetry, fail, is_sampled, process_attributes, send_attributes, traceparent_of
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SAMPLED, UNSAMPLED = (f"00-{TRACE_ID}-b7ad6b7169203331-{flags}" for flags in ("01", "00"))


class Traced:
    """A service's telemetry and what it sends out."""

    def __init__(self, rate: float) -> None:
        settings = ServiceSettings(database_url="-", kafka_bootstrap_servers="-", http_port=1, trace_rate=rate)
        self._exporter = InMemorySpanExporter()
        self.telemetry = Telemetry("intake", settings, exporter=self._exporter)

    def sent(self) -> Sequence[ReadableSpan]:
        self.telemetry._provider.force_flush()
        return self._exporter.get_finished_spans()


@pytest.fixture
def never() -> Iterator[Traced]:
    traced = Traced(0.0)
    yield traced
    traced.telemetry.close()


@pytest.fixture
def always() -> Iterator[Traced]:
    traced = Traced(1.0)
    yield traced
    traced.telemetry.close()


@pytest.mark.parametrize(
    ("traceparent", "sampled"),
    [
        (None, False),
        ("", False),
        (SAMPLED, True),
        (UNSAMPLED, False),
        (SAMPLED[:-2] + "03", True),
        ("00-x-y-02", False),
    ],
)
def test_sampled_is_the_lowest_flag(traceparent: str | None, *, sampled: bool) -> None:
    assert is_sampled(traceparent) is sampled


def test_an_unsampled_dossier_gets_no_span(always: Traced) -> None:
    assert always.telemetry.span("process x", UNSAMPLED, kind=SpanKind.CONSUMER) is None
    assert always.telemetry.span("process x", None, kind=SpanKind.CONSUMER) is None


def test_a_sampled_dossiers_span_is_a_child_in_its_trace(never: Traced) -> None:
    span = never.telemetry.span("process x", SAMPLED, kind=SpanKind.CONSUMER, attributes={"a": 1})
    assert span is not None
    assert traceparent_of(span).split("-")[1] == TRACE_ID
    assert is_sampled(traceparent_of(span))
    span.end()
    (sent,) = never.sent()
    assert (f"{sent.parent.span_id:016x}", sent.kind, dict(sent.attributes)) == (
        SAMPLED.split("-")[2], SpanKind.CONSUMER, {"a": 1},
    )  # fmt: skip


def test_a_trace_begins_by_rate(always: Traced, never: Traced) -> None:
    for traced, recorded in ((always, True), (never, False)):
        span = traced.telemetry.begin("POST /v1/dossiers", None)
        assert span is not None
        assert (span.is_recording(), is_sampled(traceparent_of(span))) == (recorded, recorded)
        span.end()
        assert len(traced.sent()) == recorded


def test_about_so_many_begin_as_the_rate_says() -> None:
    traced = Traced(0.25)
    begun = [traced.telemetry.begin("POST /v1/dossiers", None) for _ in range(2000)]
    assert 350 < sum(span.is_recording() for span in begun if span) < 650
    traced.telemetry.close()


def test_the_callers_word_counts_before_the_rate(always: Traced, never: Traced) -> None:
    asked = never.telemetry.begin("POST /v1/dossiers", SAMPLED)
    declined = always.telemetry.begin("POST /v1/dossiers", UNSAMPLED)
    assert asked is not None
    assert declined is not None
    assert asked.is_recording()
    assert not declined.is_recording()


@pytest.mark.parametrize("traceparent", [None, UNSAMPLED, SAMPLED])
def test_what_goes_wrong_is_always_traced(never: Traced, traceparent: str | None) -> None:
    never.telemetry.error("quarantine x", traceparent, "value", {"messaging.system": "kafka"})
    (sent,) = never.sent()
    assert sent.status.status_code is StatusCode.ERROR
    assert dict(sent.attributes) == {"messaging.system": "kafka", "error.type": "value"}
    assert (sent.parent is None) is (traceparent is None)
    assert traceparent is None or f"{sent.context.trace_id:032x}" == TRACE_ID


def test_a_failed_span_says_so(always: Traced) -> None:
    fail(always.telemetry.begin("POST /v1/dossiers", None), "ProgressMoved")
    fail(None, "nothing")
    (sent,) = always.sent()
    assert (sent.status.status_code, sent.attributes["error.type"]) == (StatusCode.ERROR, "ProgressMoved")


def test_without_an_endpoint_there_are_no_spans_at_all() -> None:
    settings = ServiceSettings(database_url="-", kafka_bootstrap_servers="-", http_port=1, trace_rate=1.0)
    telemetry = Telemetry("intake", settings)
    assert not telemetry.enabled
    assert telemetry.begin("POST /v1/dossiers", SAMPLED) is None
    assert telemetry.span("process x", SAMPLED, kind=SpanKind.CONSUMER) is None
    telemetry.error("quarantine x", SAMPLED, "value", {})
    telemetry.close()


def test_spans_name_the_service_and_the_process(always: Traced) -> None:
    fail(always.telemetry.begin("POST /v1/dossiers", None), "x")
    (sent,) = always.sent()
    assert (sent.resource.attributes["service.name"], sent.resource.attributes["service.instance.id"]) == (
        "nsw-intake", "0",
    )  # fmt: skip


def test_messaging_attributes() -> None:
    common = {
        "messaging.system": "kafka",
        "messaging.destination.name": "nsw.status.v1",
        "messaging.destination.partition.id": "3",
        "nsw.dossier.number": "260000000017",
    }
    assert send_attributes("nsw.status.v1", 3, "260000000017") == common | {
        "messaging.operation.name": "send", "messaging.operation.type": "send",
    }  # fmt: skip
    assert process_attributes("nsw.status.v1", "notifier", 3, "260000000017", 40) == common | {
        "messaging.operation.name": "process", "messaging.operation.type": "process",
        "messaging.consumer.group.name": "notifier", "messaging.batch.message_count": 40,
    }  # fmt: skip
