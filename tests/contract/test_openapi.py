"""Intake's OpenAPI document tells of every route, its examples are what the window takes, and it is the served one."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import jsonschema_rs
import pytest
from nsw_cli.system import System
from nsw_contracts.events import DossierContent
from nsw_intake.app import build
from nsw_intake.openapi.document import openapi, operations
from nsw_intake.openapi.examples import dossiers
from nsw_intake.parsing import judged
from nsw_intake.settings import IntakeSettings
from nsw_local import Stack
from nsw_procedures.packs import packs
from nsw_runtime.identity import GuardedRoute
from nsw_runtime.settings import read_settings
from starlette.applications import Starlette
from starlette.routing import Route
from support.scratch import Database

NOWHERE = "127.0.0.1:1"  # Kafka is not needed for answering
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


@pytest.fixture
async def app(stack: Stack, database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Starlette]:
    """Intake as it is composed, over a database of its own."""
    told = dict(System.on(stack).service("intake").env)
    told |= {"DATABASE_URL": database.service_url("intake"), "KAFKA_BOOTSTRAP_SERVERS": NOWHERE}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    made = build(read_settings(IntakeSettings))
    async with made.router.lifespan_context(made):
        yield made


def served(app: Starlette) -> set[tuple[str, str]]:
    """What the application answers; `HEAD` goes with `GET`."""
    found = set()
    for route in app.routes:
        assert isinstance(route, Route), f"{route} is of a kind that this test does not know"
        methods = route.methods or METHODS
        found |= {(method, route.path) for method in methods if not (method == "HEAD" and "GET" in methods)}
    return found


async def test_every_route_is_documented_and_nothing_else_is(app: Starlette) -> None:
    told = {(one.method, one.path) for one in operations()}
    assert served(app) - told == set(), "say what it takes and answers in nsw_intake/openapi, then `make schemas`"
    assert told - served(app) == set(), "this is served no more"
    access = {(method, route.path): route.access for route in app.routes if isinstance(route, GuardedRoute)
              for method in route.methods or ()}  # fmt: skip
    wrong = {one.id: one.access for one in operations() if access.get((one.method, one.path), one.access) != one.access}
    assert wrong == {}, "the document says another access than the route has"


async def test_the_document_is_served_as_it_is_committed(app: Starlette) -> None:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x")
    first = await client.get("/v1/openapi.json")
    assert (first.status_code, first.json()) == (200, openapi())
    again = await client.get("/v1/openapi.json", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_every_known_form_has_an_example_that_its_pack_takes() -> None:
    known = {code for code in packs() if packs().versions(code)[-1].examples}
    assert dossiers().keys() == known
    for code, example in dossiers().items():
        judged(packs().versions(code)[-1], DossierContent.model_validate(example["value"]))


def test_every_example_is_what_its_schema_says() -> None:
    document = openapi()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for media, content in operation.get("requestBody", {}).get("content", {}).items():
                schema = {**content["schema"], "components": document["components"]}
                for name, example in content.get("examples", {}).items():
                    value = _followed(document, example)["value"]
                    assert jsonschema_rs.is_valid(schema, value), f"{method} {path} {media} {name}"


def test_every_operation_has_a_name_of_its_own_and_problems_say_how_they_look() -> None:
    names = [one.id for one in operations()]
    assert len(names) == len(set(names))
    for one in operations():
        for status, answer in openapi()["paths"][one.path][one.method.lower()]["responses"].items():
            if int(status) >= 400 and int(status) not in one.answers:
                assert "application/problem+json" in _followed(openapi(), answer)["content"]


def _followed(document: Any, node: Any) -> Any:
    while "$ref" in node:
        part = document
        for name in node["$ref"].removeprefix("#/").split("/"):
            part = part[name]
        node = part
    return node
