"""`GET /v1/procedures`: the rules as published, to be searched and read by anyone.

Nothing here waits for anything: the packs are read before intake answers at all, and answers are made in memory.
"""

import re
from datetime import date
from typing import Annotated, TypeVar

from nsw_contracts.topics import AGENCIES
from nsw_procedures.calendar import local_day
from nsw_procedures.pack import Stage
from nsw_procedures.pack_json import detail, summary
from nsw_procedures.packs import Packs
from nsw_procedures.search import HS_PREFIX, Index, Query
from nsw_runtime.clock import Clock
from nsw_runtime.identity import guarded
from nsw_runtime.problems import FieldError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from nsw_intake.cacheable import cacheable
from nsw_intake.errors import bad_parameters, unknown_procedure


def _known_agency(code: str) -> str:
    if code and code not in AGENCIES:
        raise PydanticCustomError("agency", "no such agency; there are {known}", {"known": ", ".join(AGENCIES)})
    return code


def _hs_code(text: str) -> str:
    if text and not re.fullmatch(HS_PREFIX, text):
        raise PydanticCustomError("hs", "give an HS code or its first digits: 2 to 10 digits")
    return text


def _written_out(given: object) -> object:
    """Pydantic would take a number of seconds for a day."""
    if isinstance(given, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given, re.ASCII):
        raise PydanticCustomError("day", "give a day as 2026-03-02")
    return given


class _Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    on: Annotated[date | None, BeforeValidator(_written_out)] = None


class Listed(_Parameters):
    """What a list may be asked by."""

    text: Annotated[str, StringConstraints(max_length=200)] = ""
    hs: Annotated[str, AfterValidator(_hs_code)] = ""
    agency: Annotated[str, AfterValidator(_known_agency)] = ""
    stage: Stage | None = None
    placeholders: bool = True
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0)


class Shown(_Parameters):
    """Which version is wanted."""

    version: str | None = None


class ProcedureRoutes:
    """The handlers, over the packs; which day it is they ask the clock."""

    def __init__(self, packs: Packs, clock: Clock) -> None:
        self._packs = packs
        self._index = Index(packs)
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """The routes."""
        return [
            guarded("/v1/procedures", self.search, methods=["GET"], access="public"),
            guarded("/v1/procedures/{code}", self.show, methods=["GET"], access="public"),
        ]

    async def search(self, request: Request) -> Response:
        """`GET /v1/procedures`: those that fit `text`, `hs`, `agency` and `stage` on a local day, page by page."""
        asked = _asked(request, Listed)
        on = asked.on or local_day(self._clock())
        found = self._index.find(Query(asked.text, asked.hs, asked.agency, asked.stage, asked.placeholders), on)
        page = [summary(pack, on) for pack in found[asked.offset : asked.offset + asked.limit]]
        body = {"on": on.isoformat(), "total": len(found), "limit": asked.limit, "offset": asked.offset}
        return cacheable(request, {**body, "procedures": page})

    async def show(self, request: Request) -> Response:
        """`GET /v1/procedures/{code}`: the pack of a local day, or of a `version`; and which versions there are."""
        asked = _asked(request, Shown)
        on = asked.on or local_day(self._clock())
        code = request.path_params["code"]
        versions = self._packs.versions(code)
        if not versions:
            raise unknown_procedure("Check the code. GET /v1/procedures?text=… finds procedures by words.")
        if asked.version is None:
            pack = self._packs.in_force(code, on) or versions[0]
        else:
            of_version = self._packs.version(code, asked.version)
            if of_version is None:
                raise unknown_procedure(f"`version` can be {', '.join(one.version for one in versions)}.")
            pack = of_version
        return cacheable(request, detail(pack, versions, on))


_Asked = TypeVar("_Asked", bound=_Parameters)


def _asked(request: Request, parameters: type[_Asked]) -> _Asked:
    """The query's parameters.

    Raises:
        Problem: 400, with one entry for each that is wrong, by its name.
    """
    given = request.query_params
    wrong = [
        FieldError(f"/{name}", "stands more than once; send it once") for name in given if len(given.getlist(name)) > 1
    ]
    try:
        asked = parameters.model_validate(dict(given))
    except ValidationError as error:
        known = ", ".join(parameters.model_fields)
        wrong += [
            FieldError(
                "".join(f"/{part}" for part in one["loc"]),
                f"no such parameter; there are {known}" if one["type"] == "extra_forbidden" else one["msg"],
            )
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    if wrong:
        raise bad_parameters(wrong)
    return asked
