"""`nsw inspection audit` against real doors: it finds a window that keeps its word, and every way of breaking it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from nsw_cli.inspection import app
from nsw_procedures.packs import packs
from nsw_routing.draws import Draws, revealed_at
from typer.testing import CliRunner

DAY = date(2026, 3, 2)
DRAWS = Draws(bytes(range(32)))
NUMBER = "260000000017"
OVER = revealed_at(DAY)
BEFORE = datetime(2026, 3, 2, 8, tzinfo=UTC)
PACK = next(
    pack for code in packs() for pack in packs().versions(code) if pack.inspection and pack.inspection.random_percent
)
assert PACK.inspection is not None
PERCENT = PACK.inspection.random_percent
TAKEN = next(line for line in range(1, 1000) if DRAWS.draw(DAY).drawn(NUMBER, line, PERCENT))
SPARED = next(line for line in range(1, 1000) if not DRAWS.draw(DAY).drawn(NUMBER, line, PERCENT))

Change = Callable[[dict[str, Any]], None]


class Doors:
    """Intake and routing behind one address. `paths` are what they answer with."""

    def __init__(self) -> None:
        paths = self.paths = dict[str, dict[str, Any]]()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = paths.get(self.path)
                body = json.dumps(found or {"title": "No such thing", "detail": "Ask for something else."}).encode()
                self.send_response(200 if found else 404)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def serve(self, now: datetime, *, draws: Draws = DRAWS) -> dict[str, Any]:
        """The window as it is at a moment; gives the dossier's decision, to be changed."""
        lines = [
            {"line": TAKEN, "hs_code": "030617", "mode": "reduced", "drawn": True},
            {"line": SPARED, "hs_code": "030617", "mode": "exempt", "drawn": False},
            {"line": 999, "hs_code": "020130", "mode": "tight", "drawn": False},
        ]
        decision = {
            "type": "inspection-decided", "revision": 1, "status": "submitted", "at": "2026-03-02T02:00:00Z",
            "agency": PACK.lead_agency, "lines": lines, "day": str(DAY), "commitment": DRAWS.commitment(DAY),
        }  # fmt: skip
        other = {"revision": 2, "status": "accepted", "at": "2026-03-02T03:00:00Z", "agency": PACK.lead_agency}
        self.paths[f"/v1/dossiers/{NUMBER}"] = {
            "number": NUMBER, "procedure": PACK.code, "pack_version": PACK.version, "status": "accepted",
            "submitted_at": "2026-03-02T02:00:00+00:00", "timeline": [decision, other],
        }  # fmt: skip
        self.paths[f"/v1/inspection-days/{DAY}"] = {
            "day": str(DAY), "commitment": draws.commitment(DAY), "seed": draws.revealed(DAY, now),
            "revealed_at": OVER.astimezone(UTC).isoformat(),
        }  # fmt: skip
        return decision


@pytest.fixture
def doors() -> Iterator[Doors]:
    found = Doors()
    thread = Thread(target=found.server.serve_forever, args=(0.01,))
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


def audit(doors: Doors, *arguments: str, code: int = 0) -> str:
    told = ["audit", NUMBER, "--intake-url", doors.url, "--routing-url", doors.url, *arguments]
    result = CliRunner().invoke(app, told)
    assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
    return result.stdout


def verdicts(doors: Doors, *, code: int = 0) -> list[str]:
    (decision,) = json.loads(audit(doors, "--json", code=code))["decisions"]
    return [line["verdict"] for line in decision["lines"]]


def test_a_word_that_was_kept(doors: Doors) -> None:
    doors.serve(OVER)
    found = json.loads(audit(doors, "--json"))
    assert (found["number"], found["verdict"]) == (NUMBER, "kept")
    (decision,) = found["decisions"]
    assert (decision["day"], decision["percent"], decision["pack_version"]) == (str(DAY), PERCENT, PACK.version)
    assert [line["recomputed"] for line in decision["lines"]] == [True, False, False]
    said = audit(doors)
    assert "the window kept its word" in said
    assert "in any case" in said


def test_before_the_day_is_over_it_says_when_to_come_back(doors: Doors) -> None:
    doors.serve(BEFORE)
    assert verdicts(doors) == ["not yet", "not yet", "kept"]
    assert "Come back after 00:00 on 2026-03-03 in Viet Nam" in audit(doors)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda decision: decision["lines"][0].update(drawn=False), ["broken", "kept", "kept"]),
        (lambda decision: decision["lines"][1].update(drawn=True), ["kept", "broken", "kept"]),
        (lambda decision: decision["lines"][2].update(drawn=True), ["kept", "kept", "broken"]),
        (lambda decision: decision.update(commitment="0" * 64), ["broken"] * 3),
    ],
)
def test_a_word_that_was_broken(doors: Doors, change: Change, expected: list[str]) -> None:
    change(doors.serve(OVER))
    assert verdicts(doors, code=1) == expected
    assert "did NOT keep its word" in audit(doors, code=1)


def test_another_seed_than_was_committed_to(doors: Doors) -> None:
    doors.serve(OVER)
    doors.paths[f"/v1/inspection-days/{DAY}"]["seed"] = Draws(bytes(32)).seed(DAY).hex()
    assert verdicts(doors, code=1) == ["broken", "broken", "kept"]


def test_another_secret_is_seen_before_the_day_is_over(doors: Doors) -> None:
    doors.serve(BEFORE, draws=Draws(bytes(32)))
    assert verdicts(doors, code=1) == ["broken"] * 3


def test_without_a_version_the_pack_in_force_is_taken(doors: Doors) -> None:
    doors.serve(OVER)
    found = doors.paths[f"/v1/dossiers/{NUMBER}"]
    del found["pack_version"]
    in_force = packs().in_force(PACK.code, DAY)
    assert in_force is not None
    (decision,) = json.loads(audit(doors, "--json"))["decisions"]
    assert decision["pack_version"] == in_force.version


def test_a_dossier_without_inspection_has_nothing_to_audit(doors: Doors) -> None:
    doors.serve(OVER)
    del doors.paths[f"/v1/dossiers/{NUMBER}"]["timeline"][0]
    assert json.loads(audit(doors, "--json")) == {"number": NUMBER, "verdict": None, "decisions": []}
    assert "nothing to audit" in audit(doors)


def test_a_day_that_routing_does_not_know(doors: Doors) -> None:
    doors.serve(OVER)
    del doors.paths[f"/v1/inspection-days/{DAY}"]
    told = ["audit", NUMBER, "--intake-url", doors.url, "--routing-url", doors.url]
    result = CliRunner().invoke(app, told)
    assert "routing answered for the day 2026-03-02 404: Ask for something else." in str(result.exception)
