"""The demo's last part: an agency without a system of its own, where two officers decide one dossier at a desk."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from typing import Any, Final, TypeVar
from uuid import uuid4

from nsw_contracts.lifecycle import FINAL
from nsw_contracts.topics import Service
from nsw_local import Stack
from nsw_local.supervisor import READY_SECONDS, answers

from nsw_cli.access import register, token_from
from nsw_cli.desk_calls import Desk, desk_on
from nsw_cli.errors import CommandError
from nsw_cli.http import get_json, send
from nsw_cli.system import BROKER, System

AGENCY: Final = "BCA"
PROCEDURE: Final = "BCA9800001"  # its pack asks for four eyes before a result
OFFICERS: Final = ("lan", "minh")
ADAPTER: Final[Service] = "ministry-adapter"
WAIT_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.25
T = TypeVar("T")


def decide_at_a_desk(stack: Stack, whole: System) -> dict[str, Any]:
    """Lay the agency's work on a desk, file a dossier, have it decided; the dossier as its business sees it.

    Raises:
        CommandError: something of it does not come to pass.
    """
    desks = replace(whole, desks=frozenset({AGENCY}))
    adapter = desks.service(ADAPTER)
    stack.stop_process(ADAPTER)
    stack.start_process(adapter.name, adapter.argv, adapter.env)
    stack.processes.wait_ready(ADAPTER, answers(f"{whole.services[ADAPTER]}/readyz"), READY_SECONDS)
    intake, issuer = whole.services["intake"], whole.issuer_url
    lan, minh = (desk_on(whole.services[ADAPTER], intake, issuer, AGENCY, officer) for officer in OFFICERS)
    number, token = _filed(whole)
    _until(lambda: _there(lan, number), "the dossier to lie on the desk")
    lan.take(number)
    lan.decide(number, uuid4().hex, {"kind": "accepted", "reference": "TN-1"})
    result = {"kind": "result-issued", "outcome": "licensed", "certificate_number": "GP-2026-1"}
    proposed = lan.decide(number, uuid4().hex, result)
    minh.judge(number, proposed["id"], agree=True, reason="")

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = get_json(f"{intake}/v1/dossiers/{number}", token).body
        return found if found.get("status") in FINAL else None

    return _until(ended, "the business to hear of the result")


def _filed(whole: System) -> tuple[str, str]:
    """A dossier of the procedure's example; its number, and a token of who filed it."""
    from nsw_procedures.example import example_content  # noqa: PLC0415  # slow import
    from nsw_procedures.packs import packs  # noqa: PLC0415  # slow import

    pack = packs().on(date.today())[PROCEDURE]  # noqa: DTZ011  # rules change by the day, not by the hour
    content = example_content(pack, pack.examples[0])
    register(whole.services["intake"], whole.issuer_url, BROKER, "declarant", content.declarant.tax_code)
    token, key = token_from(whole.issuer_url, BROKER), uuid4().hex
    headers = {"content-type": "application/json", "idempotency-key": key}
    body = json.dumps(content.model_dump(mode="json")).encode()
    answer = send("POST", f"{whole.services['intake']}/v1/dossiers", token, body, headers)
    if answer.status != HTTPStatus.ACCEPTED:
        raise CommandError(f"intake did not take the dossier for the desk: {answer.says()}")
    return str(answer.body["number"]), token


def _there(desk: Desk, number: str) -> bool:
    return any(one["number"] == number for one in desk.queue(procedure=PROCEDURE, status="submitted", limit=200))


def _until(look: Callable[[], T | None], what: str) -> T:
    end = time.monotonic() + WAIT_SECONDS
    while not (found := look()):
        if time.monotonic() > end:
            raise CommandError(f"waited {WAIT_SECONDS:.0f} s for {what}; the logs are in the demo's folder")
        time.sleep(_LOOK_SECONDS)
    return found
