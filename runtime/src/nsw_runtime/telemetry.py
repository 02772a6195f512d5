"""Traces: one dossier is one trace, whatever processes and batches it passes through.

The W3C `traceparent` travels in HTTP, in journal rows and in Kafka headers. A span is made only for a dossier whose
`traceparent` says sampled, so an unsampled or unconfigured one costs a string comparison. The dossier number goes on
spans, never on metrics; personal data on neither.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, Span, SpanKind, StatusCode, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes as OtelAttributes

from nsw_runtime.settings import ServiceSettings

Attributes = Mapping[str, str | int]
DOSSIER: Final = "nsw.dossier.number"
_SAMPLED: Final = frozenset("13579bdf")
_PROPAGATOR: Final = TraceContextTextMapPropagator()


def is_sampled(traceparent: str | None) -> bool:
    """Whether this trace is recorded: the lowest of the flags at the end of a `traceparent`."""
    return traceparent is not None and traceparent[-1:] in _SAMPLED


def traceparent_of(span: Span) -> str:
    """The `traceparent` by which others make their spans children of this one."""
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


class _RateOrError(Sampler):
    """Follows the parent; begins traces by rate; takes every span that begins as an error."""

    def __init__(self, rate: float) -> None:
        self._usual = ParentBased(TraceIdRatioBased(rate))

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: OtelAttributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        sampler = ALWAYS_ON if attributes and "error.type" in attributes else self._usual
        return sampler.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return "RateOrError"


class Telemetry:
    """The tracer of one service. Without an endpoint it makes no spans and passes `traceparent` on unchanged."""

    def __init__(self, service: str, settings: ServiceSettings, *, exporter: SpanExporter | None = None) -> None:
        exporters = [exporter] if exporter else list(_exporters(settings))
        self.enabled = bool(exporters)
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": f"nsw-{service}", "service.instance.id": settings.instance}),
            sampler=_RateOrError(settings.trace_rate),
            shutdown_on_exit=False,
        )
        for each in exporters:
            self._provider.add_span_processor(BatchSpanProcessor(each))
        self._tracer = self._provider.get_tracer("nsw")

    def span(
        self,
        name: str,
        traceparent: str | None,
        *,
        kind: SpanKind,
        attributes: Attributes | None = None,
        start_ns: int | None = None,
        links: tuple[Span, ...] = (),
    ) -> Span | None:
        """A span under `traceparent`, or None where that trace is not sampled. The caller ends it."""
        if not self.enabled or not is_sampled(traceparent):
            return None
        return self._start(name, traceparent, kind, attributes, start_ns, links)

    def begin(
        self,
        name: str,
        traceparent: str | None,
        *,
        attributes: Attributes | None = None,
        links: tuple[Span, ...] = (),
    ) -> Span | None:
        """The first span of a dossier: under the caller's `traceparent` if it gave one, else sampled by rate.

        None where traces are off. A span that was not sampled is given too, and carries that decision on.
        """
        return self._start(name, traceparent, SpanKind.SERVER, attributes, None, links) if self.enabled else None

    def error(self, name: str, traceparent: str | None, error_type: str, attributes: Attributes) -> None:
        """A span for something that went wrong, recorded even where its dossier is not sampled."""
        if self.enabled:
            fail(
                self._start(name, traceparent, SpanKind.INTERNAL, {**attributes, "error.type": error_type}, None, ()),
                error_type,
            )

    def _start(
        self,
        name: str,
        traceparent: str | None,
        kind: SpanKind,
        attributes: Attributes | None,
        start_ns: int | None,
        links: tuple[Span, ...],
    ) -> Span:
        parent = _PROPAGATOR.extract({"traceparent": traceparent}, context=Context()) if traceparent else Context()
        return self._tracer.start_span(
            name,
            context=parent,
            kind=kind,
            attributes=attributes,
            start_time=start_ns,
            links=[Link(span.get_span_context()) for span in links],
        )

    def close(self) -> None:
        """Send what is left; waits a few seconds at most."""
        self._provider.force_flush(3_000)
        self._provider.shutdown()


def fail(span: Span | None, error_type: str) -> None:
    """End a span as failed, with a low-cardinality reason."""
    if span is not None:
        span.set_attribute("error.type", error_type)
        span.set_status(StatusCode.ERROR)
        span.end()


def process_attributes(topic: str, group: str, partition: int, number: str, batch: int) -> Attributes:
    """What a `process <topic>` span says, by OpenTelemetry's messaging conventions."""
    return {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": topic,
        "messaging.destination.partition.id": str(partition),
        "messaging.consumer.group.name": group,
        "messaging.batch.message_count": batch,
        DOSSIER: number,
    }


def send_attributes(topic: str, partition: int, number: str) -> Attributes:
    """What a `send <topic>` span says."""
    return {
        "messaging.system": "kafka",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": topic,
        "messaging.destination.partition.id": str(partition),
        DOSSIER: number,
    }


def _exporters(settings: ServiceSettings) -> list[SpanExporter]:
    found: list[SpanExporter] = []
    if settings.otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  # slow import

        found.append(OTLPSpanExporter(endpoint=settings.otlp_endpoint))
    if settings.zipkin_endpoint:
        from opentelemetry.exporter.zipkin.json import ZipkinExporter  # noqa: PLC0415  # slow import

        found.append(ZipkinExporter(endpoint=settings.zipkin_endpoint))
    return found
