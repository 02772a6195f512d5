"""One dossier is one trace, from the request to the webhook, as a real OpenTelemetry collector receives it."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from uuid import uuid4

from aiohttp import web
from nsw_benchmarks.stories import Revision, story
from nsw_contracts.topics import AGENCY_TOPICS, SERVICES
from nsw_procedures.packs import packs
from nsw_procedures.tax_code import check_digit
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Kinds
from support.dossiers import dossier, file_one
from support.live import Live
from support.polling import until

DOSSIERS = 4
PERSON = {
    "name": "Trần Thị Bí Mật",
    "phone": "+84 24 7654 3210",
    "email": "bi.mat@mot.example",
    "address": "Số 77, đường Kín",
}


class Span(NamedTuple):
    trace: str
    id: str
    parent: str
    name: str
    kind: int
    service: str
    attributes: dict[str, Any]
    failed: bool


class Collector:
    """Takes spans in over OTLP/HTTP, and webhooks as a business would."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.hooks: list[dict[str, Any]] = []
        self.url = ""

    async def traces(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        return web.Response(
            body=ExportTraceServiceResponse().SerializeToString(), content_type="application/x-protobuf"
        )

    async def hook(self, request: web.Request) -> web.Response:
        said = json.loads(await request.read())
        if said["type"] == "vn.nsw.subscription.challenge.v1":
            return web.json_response({"challenge": said["data"]["challenge"]})
        self.hooks.append(said)
        return web.Response()

    def spans(self) -> Iterator[Span]:
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                (service,) = [
                    each.value.string_value for each in resource.resource.attributes if each.key == "service.name"
                ]
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        attributes = {
                            each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes
                        }
                        yield Span(
                            span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.name, span.kind,
                            service.removeprefix("nsw-"), attributes, span.status.code == 2,
                        )  # fmt: skip


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    collector = Collector()
    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/v1/traces", collector.traces)
    app.router.add_post("/hooks", collector.hook)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    collector.url = f"http://{host}:{port}"
    try:
        yield collector
    finally:
        await runner.cleanup()


@asynccontextmanager
async def told_of(live: Live, collector: Collector, declarant: str) -> AsyncIterator[None]:
    """The business hears of each of its dossiers' changes, singly, at the collector."""
    wanted = json.dumps({"declarant": declarant, "url": f"{collector.url}/hooks"})
    url = f"{live.system.services['notifier']}/v1/subscriptions"
    await live.register(declarant)
    status, made = await live.ask_once_registered(
        "POST", url, data=wanted, headers={"content-type": "application/json"}
    )
    assert status == 201, made

    async def verified() -> bool:
        return bool((await live.ask("GET", f"{url}/{made['id']}"))[1]["state"] == "active")

    await until(verified, "the challenge to be answered")
    try:
        yield
    finally:
        assert (await live.ask("DELETE", f"{url}/{made['id']}"))[0] == 204


def new_business() -> str:
    """A tax code that no other test files with."""
    for nine in range(987_654_300, 987_654_399):
        if (digit := check_digit(str(nine))) is not None:
            return f"{nine}{digit}"
    raise AssertionError


def content(which: int, declarant: str) -> dict[str, Any]:
    filed = dossier(which)
    return filed | {"declarant": filed["declarant"] | {"tax_code": declarant}, "contact": PERSON}


async def trace_everything(live: Live, endpoint: str) -> None:
    for service in SERVICES:
        await live.stop(service)
        await live.begin(service, NSW_OTLP_ENDPOINT=endpoint, NSW_TRACE_RATE="1")
    await live.all_ready()


def expected_names(agency: str, changes: tuple[Revision, ...]) -> Counter[str]:
    """Every span of one dossier's trace: service and name."""
    work, says, heard = AGENCY_TOPICS[agency].name, 1 + len(changes), len(changes)
    return Counter(
        {
            "intake POST /v1/dossiers": 1,
            "intake send nsw.submissions.v1": 1,
            "routing process nsw.submissions.v1": 1,
            f"routing send {work}": 1,
            f"ministry-adapter process {work}": 1,
            f"ministry-adapter deliver {agency}": 1,
            "ministry-adapter send nsw.agency-results.v1": says,
            "routing process nsw.agency-results.v1": says,
            "routing send nsw.status.v1": heard,
            "intake process nsw.status.v1": heard,
            "notifier process nsw.status.v1": heard,
            "notifier notify webhook": heard,
            "notifier send nsw.notifications.v1": heard,
        }
    )


PARENTS = {
    "send nsw.submissions.v1": "POST /v1/dossiers",
    "process nsw.submissions.v1": "send nsw.submissions.v1",
    "send nsw.agency.": "process nsw.submissions.v1",
    "process nsw.agency.": "send nsw.agency.",
    "deliver ": "process nsw.agency.",
    "send nsw.agency-results.v1": "process nsw.agency.",
    "process nsw.agency-results.v1": "send nsw.agency-results.v1",
    "send nsw.status.v1": "process nsw.agency-results.v1",
    "process nsw.status.v1": "send nsw.status.v1",
    "notify webhook": "process nsw.status.v1",
    "send nsw.notifications.v1": "process nsw.status.v1",
}
"""What each span follows from, by the beginnings of their names."""


async def test_a_dossier_is_one_trace_from_the_request_to_the_webhook(live: Live) -> None:
    declarant, caller = new_business(), uuid4().hex
    async with collecting() as collector:
        await trace_everything(live, f"{collector.url}/v1/traces")
        async with told_of(live, collector, declarant):
            receipts = [await file_one(live, body=content(which, declarant)) for which in range(DOSSIERS)]
            _, followed = await file_one(live, body=content(0, declarant), traceparent=f"00-{caller}-{'1' * 16}-01")
            _, declined = await file_one(live, body=content(0, declarant), traceparent=f"00-{'d' * 32}-{'1' * 16}-00")
            await file_one(live, body={"procedure": "BYTE0999999"})
            await live.drained()
        for service in SERVICES:  # what is left is sent as they stop
            assert await live.stop(service) == 0
        spans = list(collector.spans())
        sent = b"".join(collector.bodies)

    numbers = [receipt["number"] for _, receipt in receipts]
    assert {event["data"]["number"] for event in collector.hooks} >= {*numbers, followed["number"], declined["number"]}

    of_trace: dict[str, list[Span]] = {}
    for span in spans:
        of_trace.setdefault(span.trace, []).append(span)
    by_number = {span.attributes.get("nsw.dossier.number"): span.trace for span in spans}
    assert "d" * 32 not in of_trace, "the caller asked for no trace"
    assert declined["number"] not in by_number
    assert by_number[followed["number"]] == caller, "the caller's trace goes on"
    for which, number in [*enumerate(numbers), (0, followed["number"])]:
        of_dossier = of_trace[by_number[number]]
        agency = packs().versions(dossier(which)["procedure"])[-1].lead_agency
        found = Counter(f"{span.service} {span.name}" for span in of_dossier)
        assert found == expected_names(agency, story(number, declarant, "plain").changes)
        assert {span.attributes["nsw.dossier.number"] for span in of_dossier} == {number}
        follows_from_its_cause(of_dossier, root="1" * 16 if number == followed["number"] else "")
        for span in of_dossier:
            says_what_it_is(span)

    refused = [span for span in spans if span.attributes.get("error.type") == "invalid-dossier"]
    assert [span.name for span in refused] == ["POST /v1/dossiers"]
    for datum in (*PERSON.values(), declarant):
        assert datum.encode() not in sent, "no personal data in traces"
    logs = b"".join(file.read_bytes() for file in (live.stack.folder / "logs").iterdir() if file.stem in SERVICES)
    assert logs
    for datum in PERSON.values():
        assert datum.encode() not in logs, "nor in logs"


def follows_from_its_cause(of_dossier: list[Span], *, root: str) -> None:
    by_id = {span.id: span for span in of_dossier}
    assert len(by_id) == len(of_dossier)
    for span in of_dossier:
        if span.name == "POST /v1/dossiers":
            assert span.parent == root
            continue
        parent = by_id[span.parent]
        (cause,) = [cause for name, cause in PARENTS.items() if span.name.startswith(name)]
        assert parent.name.startswith(cause), f"{span.name} follows from {parent.name}"


def says_what_it_is(span: Span) -> None:
    assert not span.failed
    verb, _, topic = span.name.partition(" ")
    kinds = {
        "POST": Kinds.SPAN_KIND_SERVER, "send": Kinds.SPAN_KIND_PRODUCER, "process": Kinds.SPAN_KIND_CONSUMER,
        "deliver": Kinds.SPAN_KIND_CLIENT, "notify": Kinds.SPAN_KIND_CLIENT,
    }  # fmt: skip
    assert span.kind == kinds[verb]
    said = span.attributes
    if verb in {"send", "process"}:
        assert (said["messaging.system"], said["messaging.destination.name"]) == ("kafka", topic)
        assert said["messaging.operation.name"] == said["messaging.operation.type"] == verb
        assert said["messaging.destination.partition.id"].isdigit()
    if verb == "process":
        assert said["messaging.consumer.group.name"]
        assert said["messaging.batch.message_count"] >= 1
    if verb in {"deliver", "notify"}:
        assert said["http.request.resend_count"] == 0
