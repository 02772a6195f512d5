"""One dossier is one trace, through every process and batch: seen by a real OTLP/HTTP collector."""

import gzip
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from nsw_contracts.topics import SERVICES
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from support.dossiers import dossier, file_one
from support.live import Live
from support.polling import until


class Collector:
    """Keeps every span that comes, with the service that made it."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Span]] = []
        self.url = ""

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.headers.get("content-encoding") == "gzip" and body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = {each.key: each.value.string_value for each in resource.resource.attributes}
            self.spans += [(names["service.name"], span) for scope in resource.scope_spans for span in scope.spans]
        return web.Response(content_type="application/x-protobuf")


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    made = Collector()
    app = web.Application(client_max_size=2**26)
    app.router.add_post("/v1/traces", made.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = "http://{}:{}/v1/traces".format(*runner.addresses[0][:2])
    yield made
    await runner.cleanup()


def chain(spans: dict[bytes, tuple[str, Span]], last: Span) -> list[tuple[str, str]]:
    """(service, span name) from the root to `last`, parent by parent."""
    found: list[tuple[str, str]] = []
    at: Span | None = last
    while at is not None:
        service, _ = spans[at.span_id]
        found.append((service, at.name))
        at = spans[at.parent_span_id][1] if at.parent_span_id in spans else None
    return found[::-1]


async def test_a_dossier_is_one_trace_from_the_door_to_the_business(live: Live, collector: Collector) -> None:
    for service in SERVICES:
        assert await live.stop(service) in {0, None}
        await live.begin(service, NSW_OTLP_ENDPOINT=collector.url, NSW_TRACE_RATE="1", OTEL_BSP_SCHEDULE_DELAY="100")
    await live.all_ready()
    await live.replay(1, drain=True)  # so that its businesses are subscribed
    for trace_id, content in ((f"{n:032x}", dossier(n)) for n in range(1, 3)):
        parent = "00f067aa0ba902b7"
        status, receipt = await file_one(live, body=content, traceparent=f"00-{trace_id}-{parent}-01")
        assert status == 202

        def mine(wanted: str = trace_id) -> dict[bytes, tuple[str, Span]]:
            return {span.span_id: (name, span) for name, span in collector.spans if span.trace_id.hex() == wanted}

        async def arrived(number: str = receipt["number"]) -> bool:
            names = [span.name for _, span in mine().values()]
            _, seen = await live.ask("GET", f"{live.intake}/v1/dossiers/{number}")
            changes = len(seen["timeline"]) - 1
            return changes > 0 and seen["status"] != "accepted" and names.count("process nsw.status.v1") == 2 * changes

        await until(arrived, "the trace to be whole")
        spans = mine()
        numbers = {
            each.value.string_value
            for _, span in spans.values()
            for each in span.attributes
            if each.key == "nsw.dossier.number"
        }
        assert numbers == {receipt["number"]}
        roots = [span for _, span in spans.values() if span.parent_span_id not in spans]
        assert [(span.name, span.parent_span_id.hex()) for span in roots] == [("POST /v1/dossiers", parent)]
        ends = [
            span for name, span in spans.values() if span.name == "process nsw.status.v1" and name == "nsw-notifier"
        ]
        agency = next(span.name for _, span in spans.values() if span.name.startswith("deliver ")).split()[1]
        work = f"nsw.agency.{agency.lower()}.v1"
        for end in ends:
            assert chain(spans, end) == [
                ("nsw-intake", "POST /v1/dossiers"),
                ("nsw-intake", "send nsw.submissions.v1"),
                ("nsw-routing", "process nsw.submissions.v1"),
                ("nsw-routing", f"send {work}"),
                ("nsw-ministry-adapter", f"process {work}"),
                ("nsw-ministry-adapter", "send nsw.agency-results.v1"),
                ("nsw-routing", "process nsw.agency-results.v1"),
                ("nsw-routing", "send nsw.status.v1"),
                ("nsw-notifier", "process nsw.status.v1"),
            ]
        for _, span in spans.values():
            texts = [each.value.string_value for each in span.attributes]
            assert not any(content["contact"][name] in texts for name in ("name", "phone", "email"))
            assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano


async def test_what_is_not_sampled_makes_no_span(live: Live, collector: Collector) -> None:
    await live.stop("intake")
    await live.begin("intake", NSW_OTLP_ENDPOINT=collector.url, NSW_TRACE_RATE="0", OTEL_BSP_SCHEDULE_DELAY="100")
    await live.ready("intake")
    status, _ = await file_one(live, traceparent=f"00-{7:032x}-00f067aa0ba902b7-00")
    assert status == 202
    assert await live.stop("intake") == 0  # spans are flushed before it ends
    assert [span.name for _, span in collector.spans] == []
