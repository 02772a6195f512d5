"""A test agency that speaks *rest-json*: `python -m nsw_ministry_adapter.simulators.rest_json`.

It checks what an agency's system would: that the window signed the exact bytes, for this agency, that a message has an
id and is about one dossier.
"""

import argparse
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from joserfc.jwk import ECKey, OKPKey
from nsw_contracts.adapter.conformance.orders import Saying, Way
from nsw_contracts.adapter.conformance.simulator import Request, Response, SimulatedAgency, run, texts_of

from nsw_ministry_adapter.agency_jws import BadSignature
from nsw_ministry_adapter.rest_json.jws import HEADER, WINDOW, Signer, Verifier
from nsw_ministry_adapter.rest_json.settings import SIGNING_KEY

_BASE: Final = "/nsw"


class RestJsonAgency(SimulatedAgency):
    """The agency's side of the protocol."""

    drops_repeats: ClassVar[bool] = True

    def __init__(self, *, agency: str, batch: int, signed: bool) -> None:
        self._batch = batch
        self._signed = signed
        self._window_key = ECKey.generate_key("P-256")
        self._own_key = OKPKey.generate_key("Ed25519", {"kid": "agency-kit"})
        self._other_key = OKPKey.generate_key("Ed25519", {"kid": "agency-kit"})
        self._verifier = Verifier([self._window_key.as_dict(private=False)], agency)
        self._signer = Signer(self._own_key, WINDOW)
        self._stranger = Signer(self._other_key, WINDOW)
        super().__init__()

    def way(self, url: str, nowhere: str) -> Way:
        """How the adapter reaches it."""
        settings: dict[str, Any] = {"url": url + _BASE, "batch": self._batch}
        secrets: dict[str, bytes] = {}
        if self._signed:
            settings["agency_keys"] = [self._own_key.as_dict(private=False)]
            secrets[SIGNING_KEY] = self._window_key.as_pem(private=True)
        else:
            settings["signatures"] = "none"
        return Way(
            settings=settings,
            nowhere=settings | {"url": nowhere + _BASE},
            wrong=settings | {"url": "http://system.example/nsw"},
            secrets=secrets,
        )

    def respond(self, request: Request) -> Response:
        """Take deliveries in, or answer a question by message id."""
        signed = request.path.rpartition("/")[2].encode() if request.method == "GET" else request.body
        if self._signed:
            try:
                self._verifier.verify(request.headers.get(HEADER, ""), signed, datetime.now(UTC))
            except BadSignature as error:
                return _problem(401, str(error))
        match request.method, request.path.removeprefix(_BASE).split("/")[1:]:
            case "POST", ["delivery"]:
                return _json(self._take(json.loads(request.body)))
            case "POST", ["deliveries"]:
                answers = [self._take(one) for one in json.loads(request.body)["deliveries"]]
                return _json({"answers": answers[::-1]})
            case "GET", ["deliveries", message_id]:
                answer = self.answer_of(message_id)
                return _json(answer or {"message_id": message_id}, 200 if answer else 404)
        return _problem(404, "there is no such door")

    def _take(self, delivery: dict[str, Any]) -> dict[str, Any]:
        message_id, dossier = delivery["message_id"], delivery["dossier"]
        number = dossier["number"]
        decisions = [_decision(each) for each in self.decided(number)]
        answer = {"message_id": message_id, "received_at": datetime.now(UTC).isoformat(), "decisions": decisions}
        given: dict[str, Any] = self.arrived(
            message_id, number, dossier.get("what", "submitted"), texts_of(dossier), answer
        )
        return given

    def message(self, saying: Saying) -> tuple[Mapping[str, str], bytes]:
        """A callback, good or spoiled."""
        told: dict[str, Any] = {"id": saying.id, "number": saying.number, "decisions": [_decision(saying)]}
        if saying.message_id:
            told["message_id"] = saying.message_id
        if saying.spoiled == "wrong-agency":
            told |= {"agency": "BCT"}
            told["decisions"][0] |= {"agency": "BCT"}
        body = json.dumps(told).encode()
        if saying.spoiled == "garbage":
            body = b"<<< \xff what?"
        elif saying.spoiled == "deep":
            body = self.deep()
        signer = self._stranger if saying.spoiled == "wrong-agency" else self._signer
        headers = {"content-type": "application/json"}
        if self._signed and saying.spoiled != "unsigned":
            headers[HEADER] = signer.sign(body, datetime.now(UTC))
        if saying.spoiled == "tampered":
            body = body.replace(b'"accepted"', b'"withdrawal-agreed"')
        return headers, body

    def seal(self, request: Request, response: Response) -> Response:
        """Sign what is answered."""
        if self._signed:
            response.headers[HEADER] = self._signer.sign(response.body, datetime.now(UTC))
        return super().seal(request, response)


def _decision(saying: Saying) -> dict[str, Any]:
    return {"kind": saying.kind, "decided_at": saying.decided_at.isoformat(), **saying.fields}


def _json(value: Any, status: int = 200) -> Response:
    return Response(status, json.dumps(value).encode())


def _problem(status: int, detail: str) -> Response:
    return Response(status, json.dumps({"title": "Not taken", "detail": detail}).encode(), "application/problem+json")


def main() -> None:
    """Run it until standard input ends."""
    parser = argparse.ArgumentParser(description="A test agency that speaks rest-json.")
    parser.add_argument("--agency", default="BYTE")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--unsigned", action="store_true")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    run(RestJsonAgency(agency=options.agency, batch=options.batch, signed=not options.unsigned), options.port)


if __name__ == "__main__":
    main()
