"""Every agency of the country in one process, each at `/agencies/{code}`.

A message id has one effect: a repeat gets the first answer again and counts as a wire repeat. Decisions come from
the dossier's story: the leading agency's, and each coordinating one's own. A declarant with a script has its dossiers
decided by the script instead.

    POST /agencies/{code}/deliveries   {"deliveries": [...]} -> {"answers": [...]} in the same order
    POST /agencies/{code}/delivery     one delivery -> one answer
    POST /scripts                      {"declarant", "answers": {"BYTE submitted": [{"kind", ...}, ...], ...}}
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from nsw_contracts.topics import AGENCIES

from nsw_benchmarks.agency_words import answer
from nsw_benchmarks.http_door import Reply, Request, main
from nsw_benchmarks.simulator import OK, Simulator
from nsw_benchmarks.stories import answers, coordinating


class _Arrival(NamedTuple):
    number: str
    agency: str
    what: str
    decisions: tuple[str, ...]
    at: float


class _Delivery(NamedTuple):
    message_id: str
    number: str
    what: str
    declarant: str
    leads: bool


class AgencySimulator(Simulator[_Arrival]):
    """All agencies; see the module."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock, "message_id", _Arrival._fields)

    def reset(self) -> None:
        """Forget what was seen, all scripts and all faults."""
        super().reset()
        self._by_agency: Counter[str] = Counter()
        self._by_what: Counter[str] = Counter()
        self._scripts: dict[str, dict[str, list[dict[str, Any]]]] = {}
        self._scripted: dict[str, str] = {}  # the declarant of each dossier that a script decides

    def summary(self) -> dict[str, Any]:
        """Requests, distinct messages and their repeats, distinct messages by agency and by what they tell."""
        return {
            "requests": self.requests,
            "messages": len(self.seen),
            "wire_repeats": self.seen.wire_repeats,
            "by_agency": dict(self._by_agency),
            "by_what": dict(self._by_what),
        }

    def receive(self, request: Request) -> Reply | None:
        """Take deliveries in and decide them."""
        match request.method, request.path.split("/")[1:]:
            case "POST", ["agencies", code, "deliveries"] if code in AGENCIES:
                return self.with_faults(code, lambda: self._decide(request, code, batch=True))
            case "POST", ["agencies", code, "delivery"] if code in AGENCIES:
                return self.with_faults(code, lambda: self._decide(request, code, batch=False))
            case "POST", ["scripts"]:
                script = orjson.loads(request.body)
                self._scripts[script["declarant"]] = dict(script["answers"])
                return OK
        return None

    def _decide(self, request: Request, code: str, *, batch: bool) -> Reply:
        if request.headers.get(b"x-nsw-agency") != code.encode():
            raise ValueError(f"X-NSW-Agency must be {code}")
        body = orjson.loads(request.body)
        # All are read before one is applied: a request has its whole effect or none.
        deliveries = [_read(delivery) for delivery in (body["deliveries"] if batch else (body,))]
        now = self.clock()
        answers = [self._answer(delivery, code, now) for delivery in deliveries]
        text = f'{{"answers":[{",".join(answers)}]}}' if batch else answers[0]
        return Reply(200, text.encode())

    def _answer(self, delivery: _Delivery, agency: str, now: float) -> str:
        message_id, number, what, declarant, leads = delivery
        if declarant in self._scripts:
            self._scripted[number] = declarant
        decisions: tuple[str, ...] = ()
        if leads:
            decisions = answers(number, what, declarant, self.mix)
        elif what == "submitted":
            decisions = coordinating(number, agency)
        arrival = _Arrival(number, agency, what, decisions, now)
        first = self.seen.arrived(message_id, arrival)
        if first is arrival:
            self._by_agency[agency] += 1
            self._by_what[what] += 1
        if number in self._scripted:
            said = self._scripts[self._scripted[number]].get(f"{agency} {what}", [])
            return _scripted(message_id, said, first.at)
        return answer(message_id, number, agency, first.decisions, first.at, leads=leads)


def _read(delivery: dict[str, Any]) -> _Delivery:
    message_id, dossier = delivery["message_id"], delivery["dossier"]
    number, content = dossier["number"], dossier.get("content")
    if not (isinstance(message_id, str) and message_id.isascii() and number.isdecimal()):
        raise ValueError(f"message_id {message_id!r} and number {number!r} must be a UUID and digits")
    return _Delivery(
        message_id,
        number,
        dossier.get("what", "submitted"),
        content["declarant"]["tax_code"] if content else "",
        leads=dossier.get("role", "lead") == "lead",
    )


def _scripted(message_id: str, decisions: list[dict[str, Any]], at: float) -> str:
    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    said = [{"decided_at": when} | decision for decision in decisions]
    return orjson.dumps({"message_id": message_id, "received_at": when, "decisions": said}).decode()


if __name__ == "__main__":
    main("Every agency of the country, simulated.", AgencySimulator(time.time))
