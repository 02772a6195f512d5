"""Every agency of the country in one process, each at `/agencies/{code}`.

A message id has one effect: a repeat gets the first answer again and counts as a wire repeat. Decisions
come from the dossier's number alone (`decisions`), all of a dossier's in one answer.

    POST /agencies/{code}/deliveries   {"deliveries": [...]} -> {"answers": [...]} in the same order
    POST /agencies/{code}/delivery     one delivery -> one answer
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson
from nsw_procedures.catalogue import agencies

from nsw_benchmarks.decisions import decide
from nsw_benchmarks.http_door import Reply, Request, main
from nsw_benchmarks.simulator import Simulator

_CERTIFICATE_LIFE = timedelta(days=365)


class _Arrival(NamedTuple):
    number: str
    agency: str
    at: float


class AgencySimulator(Simulator[_Arrival]):
    """All agencies; see the module."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock, "message_id", _Arrival._fields)

    def reset(self) -> None:
        """Forget what was seen and all faults."""
        super().reset()
        self._by_agency: Counter[str] = Counter()

    def summary(self) -> dict[str, Any]:
        """Requests, distinct messages and their repeats, distinct messages by agency."""
        return {
            "requests": self.requests,
            "messages": len(self.seen),
            "wire_repeats": self.seen.wire_repeats,
            "by_agency": dict(self._by_agency),
        }

    def receive(self, request: Request) -> Reply | None:
        """Take deliveries in and decide them."""
        match request.method, request.path.split("/")[1:]:
            case "POST", ["agencies", code, "deliveries"] if code in agencies():
                return self.with_faults(code, lambda: self._decide(request, code, batch=True))
            case "POST", ["agencies", code, "delivery"] if code in agencies():
                return self.with_faults(code, lambda: self._decide(request, code, batch=False))
        return None

    def _decide(self, request: Request, code: str, *, batch: bool) -> Reply:
        if request.headers.get(b"x-nsw-agency") != code.encode():
            raise ValueError(f"X-NSW-Agency must be {code}")
        body = orjson.loads(request.body)
        # All are read before one is applied: a request has its whole effect or none.
        arrivals = [_read(delivery) for delivery in (body["deliveries"] if batch else (body,))]
        now = self.clock()
        answers = [self._answer(message_id, _Arrival(number, code, now)) for message_id, number in arrivals]
        text = f'{{"answers":[{",".join(answers)}]}}' if batch else answers[0]
        return Reply(200, text.encode())

    def _answer(self, message_id: str, arrival: _Arrival) -> str:
        first = self.seen.arrived(message_id, arrival)
        if first is arrival:
            self._by_agency[arrival.agency] += 1
        return _answer_text(message_id, first)


def _read(delivery: dict[str, Any]) -> tuple[str, str]:
    message_id, number = delivery["message_id"], delivery["dossier"]["number"]
    if not (isinstance(message_id, str) and message_id.isascii() and number.isdecimal()):
        raise ValueError(f"message_id {message_id!r} and number {number!r} must be a UUID and digits")
    return message_id, number


def _answer_text(message_id: str, arrival: _Arrival) -> str:
    number, agency, at = arrival
    received = datetime.fromtimestamp(at, UTC)
    when = received.isoformat(timespec="milliseconds")
    ruling = decide(number)
    if ruling.kind == "refused":
        rest = '"reason":"Hồ sơ không thuộc đối tượng được cấp phép"}'
    elif ruling.kind == "supplement-requested":
        rest = '"items":["invoice"],"reason":"Hóa đơn không đọc được, đề nghị nộp lại"}'
    else:
        certificate = ""
        if ruling.outcome != "failed":
            until = (received + _CERTIFICATE_LIFE).date().isoformat()
            certificate = f',"certificate_number":"{agency}-{number}","valid_until":"{until}"'
        rest = (
            f'"reference":"TN-{number}"}},'
            f'{{"kind":"result-issued","decided_at":"{when}","outcome":"{ruling.outcome}"{certificate}}}'
        )
    return (
        f'{{"message_id":"{message_id}","received_at":"{when}",'
        f'"decisions":[{{"kind":"{ruling.kind}","decided_at":"{when}",{rest}]}}'
    )


if __name__ == "__main__":
    main("Every agency of the country, simulated.", AgencySimulator(time.time))
