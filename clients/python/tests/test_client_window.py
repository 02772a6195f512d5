"""The client against a little window over real HTTP: what is sent, what is sent again, and what its answers become."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, KeySet
from little_window import CUT, RECEIPT, LittleWindow, key_files, little_window
from nsw_client import (
    Invalid,
    KeyUnusable,
    NotAllowed,
    NotFound,
    NotGenuine,
    NotPossible,
    Patience,
    Refused,
    SigningKey,
    StillWaiting,
    Unavailable,
    Unreachable,
    Window,
)

AT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
DOSSIER = {"procedure": "BYTE0500009", "declarant": {"tax_code": "0100109106", "name": "Công ty Một"}}
PROBLEM = {
    "type": "urn:nsw:problem:invalid-dossier", "title": "The dossier is not valid", "status": 422,
    "detail": "Correct the fields named in `errors` and send it again.",
    "errors": [{"pointer": "/form/purpose", "detail": "is missing"}],
}  # fmt: skip


class Time:
    """A clock that goes on only by being waited for."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def patience(self, total: float = 60.0) -> Patience:
        return Patience(total=total, sleep=self.waited.append, clock=lambda: sum(self.waited), jitter=lambda: 1.0)


@pytest.fixture
def door() -> Iterator[LittleWindow]:
    with little_window() as running:
        yield running


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def window(door: LittleWindow, time: Time) -> Iterator[Window]:
    with Window(door.url, token="a-token", patience=time.patience()) as opened:
        yield opened


def test_a_dossier_is_filed(door, window) -> None:
    receipt = window.submit(DOSSIER)
    assert (receipt.number, receipt.received_at) == (RECEIPT["number"], AT)
    (asked,) = door.asked
    assert (asked.method, asked.path) == ("POST", "/v1/dossiers")
    assert asked.headers["authorization"] == "Bearer a-token"
    assert asked.headers["content-type"] == "application/json"
    assert "nsw-signature" not in asked.headers
    assert json.loads(asked.body) == DOSSIER


def test_the_key_is_made_from_the_content_unless_it_is_given(door, window) -> None:
    window.submit(DOSSIER)
    window.submit(dict(reversed(DOSSIER.items())))
    window.submit(DOSSIER | {"procedure": "BYTE0500010"})
    window.submit(DOSSIER, idempotency_key="mine")
    one, same, other, mine = (asked.headers["idempotency-key"] for asked in door.asked)
    assert one == same
    assert len({one, other, mine}) == 3
    assert mine == "mine"


def test_bytes_are_signed_and_sent_as_they_are(door, time, tmp_path) -> None:
    key = SigningKey.from_files(*key_files(tmp_path))
    body = b'{ "procedure":\t"BYTE0500009" }'
    with Window(door.url, key=key, patience=time.patience(), clock=lambda: AT) as window:
        window.submit(body)
    (asked,) = door.asked
    assert asked.body == body
    protected, payload, signature = asked.headers["nsw-signature"].split(".")
    assert payload == ""
    assert json.loads(urlsafe_b64decode(protected + "==")) == {
        "alg": "ES256", "x5t#S256": key.thumbprint, "iat": int(AT.timestamp()),
    }  # fmt: skip
    whole = f"{protected}.{urlsafe_b64encode(body).rstrip(b'=').decode()}.{signature}"
    public = ECKey.import_key(key.certificate.public_key())
    jws.deserialize_compact(whole, public, registry=jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False))


def test_what_may_pass_is_tried_again_with_the_same_key(door, window, time) -> None:
    door.next(503, {"type": "urn:nsw:problem:unavailable"}, retry_after="2")
    door.next(CUT)
    door.next(429, {}, retry_after="7")
    door.next(503)
    assert window.submit(DOSSIER).number == RECEIPT["number"]
    assert len(door.asked) == 5
    assert len({(asked.headers["idempotency-key"], asked.body) for asked in door.asked}) == 1
    assert time.waited == [2.25, 0.5, 7.25, 2.0], "as told where told, doubling where not; never before Retry-After"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Invalid), (401, NotAllowed), (403, NotAllowed), (404, NotFound), (409, NotPossible), (413, Invalid),
     (418, Refused), (422, Invalid), (500, Unavailable), (502, Unavailable)],
)  # fmt: skip
def test_nothing_else_is_tried_again(door, window, time, status, kind) -> None:
    door.next(status, PROBLEM | {"status": status})
    with pytest.raises(kind) as told:
        window.submit(DOSSIER)
    assert type(told.value) is kind
    assert len(door.asked) == 1
    assert time.waited == []


def test_a_refusal_carries_the_problem(door, window) -> None:
    door.next(422, PROBLEM)
    with pytest.raises(Invalid, match="The dossier is not valid") as told:
        window.submit(DOSSIER)
    error = told.value
    assert (error.status, error.kind, error.title, error.detail) == (
        422, "invalid-dossier", PROBLEM["title"], PROBLEM["detail"],
    )  # fmt: skip
    assert [(one.pointer, one.detail) for one in error.errors] == [("/form/purpose", "is missing")]


def test_an_answer_that_is_no_problem_document_is_a_refusal_too(door, window) -> None:
    for said in (None, [], "no", {"errors": ["x"]}):
        door.next(422, said)
        with pytest.raises(Invalid, match="The window answered 422"):
            window.submit(DOSSIER)


def test_patience_ends(door, window, time) -> None:
    for _ in range(20):
        door.next(503, {"title": "Not available now"}, retry_after="9")
    with pytest.raises(Unavailable, match="Not available now") as told:
        window.submit(DOSSIER)
    assert told.value.retry_after == 9
    assert sum(time.waited) <= 60
    assert len(door.asked) == len(time.waited) + 1 == 7


def test_a_wait_beyond_patience_is_not_begun(door, window, time) -> None:
    door.next(503, {}, retry_after="61")
    with pytest.raises(Unavailable):
        window.submit(DOSSIER)
    assert time.waited == []


def test_nobody_there(door, window, time) -> None:
    for _ in range(20):
        door.next(CUT)
    with pytest.raises(Unreachable, match="did not answer POST /v1/dossiers"):
        window.submit(DOSSIER)
    assert time.waited == [0.25, 0.5, 1, 2, 4, 8, 10, 10, 10, 10]
    with pytest.raises(Unreachable, match="cannot be asked"), Window("window.example") as nowhere:
        nowhere.dossier("260000000017")


def test_commands(door, window) -> None:
    command = {"number": "260000000017", "command": "payment", "command_id": "c", "received_at": RECEIPT["received_at"]}
    for _ in range(4):
        door.next(202, command)
    assert window.supplement("260000000017", DOSSIER, note="The missing page", in_answer_to=3).command_id == "c"
    window.amend("260000000017", DOSSIER, reason="Another gate")
    window.withdraw("260000000017", reason="Not needed")
    window.pay("260000000017", amount="150000", currency="VND", reference="FT1", paid_at=AT, agency="BYTE")
    asked = [(one.path.removeprefix("/v1/dossiers/260000000017/"), json.loads(one.body)) for one in door.asked]
    assert asked == [
        ("supplements", {"dossier": DOSSIER, "note": "The missing page", "in_answer_to": 3}),
        ("amendments", {"dossier": DOSSIER, "reason": "Another gate", "in_answer_to": 0}),
        ("withdrawals", {"reason": "Not needed", "in_answer_to": 0}),
        ("payments", {"amount": "150000", "currency": "VND", "reference": "FT1", "paid_at": AT.isoformat(),
                      "agency": "BYTE", "in_answer_to": 0}),
    ]  # fmt: skip
    assert len({one.headers["idempotency-key"] for one in door.asked}) == 4


def test_a_command_is_signed_for_one_dossier(door, time, tmp_path) -> None:
    door.next(202, {"number": "1", "command": "withdrawal", "command_id": "c", "received_at": RECEIPT["received_at"]})
    with Window(door.url, key=SigningKey.from_files(*key_files(tmp_path)), clock=lambda: AT) as window:
        window.withdraw("260000000017", reason="Not needed")
    protected = json.loads(urlsafe_b64decode(door.asked[0].headers["nsw-signature"].split(".")[0] + "=="))
    assert (protected["dossier"], protected["command"]) == ("260000000017", "withdrawal")


def test_certificates_are_registered(door, time, tmp_path) -> None:
    key = SigningKey.from_files(*key_files(tmp_path))
    listed = {
        "sha256": key.sha256, "declarant": "0100109106", "holder": "Công ty Một", "not_after": "2027-03-02T00:00:00Z",
        "ended_at": "2026-03-02T08:30:00+00:00",
    }  # fmt: skip
    with Window(door.url, key=key, patience=time.patience()) as window:
        door.next(201, listed)
        assert window.register_certificate("0100109106").sha256 == key.sha256
        door.next(200, {"certificates": [listed]})
        (found,) = window.certificates("0100109106")
        assert (found.holder, found.ended_at, found.revoked_at) == ("Công ty Một", AT, None)
        door.next(204)
        window.end_certificate("0100109106", key.sha256)
    assert json.loads(door.asked[0].body) == {"declarant": "0100109106", "certificate": key.certificate_pem()}
    assert [(one.method, one.path.removeprefix("/v1/signing-certificates")) for one in door.asked] == [
        ("POST", ""), ("GET", "?declarant=0100109106"), ("DELETE", f"/{key.sha256}?declarant=0100109106"),
    ]  # fmt: skip
    with pytest.raises(KeyUnusable, match="no key"), Window(door.url) as keyless:
        keyless.register_certificate("0100109106")


def shown(status: str) -> dict[str, Any]:
    entry = {"revision": 0, "type": "submitted", "status": "submitted", "at": RECEIPT["received_at"]}
    last = {"revision": 1, "type": "status-changed", "status": status, "at": RECEIPT["received_at"], "agency": "BYTE",
            "reason": "Because"}  # fmt: skip
    return {
        "number": "260000000017", "procedure": "BYTE0500009", "status": status, "possible": ["withdrawal"],
        "submitted_at": RECEIPT["received_at"], "timeline": [entry, last], "pack_version": "2026.1",
    }  # fmt: skip


def test_a_dossier_is_followed(door, window, time) -> None:
    for status in ("submitted", "submitted", "accepted"):
        door.next(200, shown(status))
    found = window.wait("260000000017", {"accepted", "refused"}, seconds=10, every=3)
    assert time.waited == [3, 3]
    assert (found.status, found.possible, found.submitted_at) == ("accepted", ("withdrawal",), AT)
    assert [(entry.status, entry.agency) for entry in found.timeline] == [("submitted", None), ("accepted", "BYTE")]
    assert found.timeline[1].raw["reason"] == "Because"
    assert found.raw["pack_version"] == "2026.1", "what this client does not know is kept"


def test_waiting_ends(door, window) -> None:
    for _ in range(4):
        door.next(200, shown("submitted"))
    with pytest.raises(StillWaiting, match="260000000017 is submitted after 10 seconds; wanted: accepted"):
        window.wait("260000000017", {"accepted"}, seconds=10, every=3)


def test_receipts_are_checked_with_the_windows_keys(door, window) -> None:
    key, other = (ECKey.generate_key("P-256", {"kid": kid}, auto_kid=False) for kid in ("a", "b"))
    signed = RECEIPT | {"jws": jws.serialize_compact({"alg": "ES256", "kid": "a"}, json.dumps(RECEIPT), key)}
    for _ in range(3):
        door.next(200, KeySet([other, key]).as_dict(private=False))
    window.verify(signed)
    with pytest.raises(NotGenuine, match="something else"):
        window.verify(signed | {"number": "260000000025"})
    with pytest.raises(NotGenuine, match="does not hold"):
        window.verify(signed | {"jws": jws.serialize_compact({"alg": "ES256", "kid": "a"}, b"{}", other)})
    door.next(200, KeySet([other]).as_dict(private=False))
    with pytest.raises(NotGenuine, match="does not hold"):
        window.verify(signed)
    door.next(200, {"keys": []})
    with pytest.raises(NotGenuine, match="no signature"):
        window.verify(RECEIPT)


def test_a_document_goes_in_one_stream_and_is_referred_to(door, window, tmp_path) -> None:
    file = tmp_path / "invoice.pdf"
    file.write_bytes(bytes(range(256)) * 4096)
    seen: list[tuple[int, int]] = []
    document = window.upload(file, declarant="0100109106", progress=lambda sent, size: seen.append((sent, size)))
    digest = sha256(file.read_bytes()).hexdigest()
    assert document.reference("invoice") == {
        "sha256": digest, "name": "invoice.pdf", "media_type": "application/pdf", "size": 1 << 20, "kind": "invoice",
    }  # fmt: skip
    assert door.documents[digest] == file.read_bytes()
    put = door.asked[-1]
    assert put.path == f"/v1/documents/{digest}?declarant=0100109106"
    assert put.headers["content-length"] == str(1 << 20)
    assert put.headers["content-type"] == "application/pdf"
    assert "transfer-encoding" not in put.headers
    assert seen[0] == (0, 1 << 20)
    assert seen[-1] == (1 << 20, 1 << 20)
    assert seen == sorted(seen)


def test_an_upload_goes_on_where_it_broke_off(door, window, time, tmp_path) -> None:
    file = tmp_path / "scan.tiff"
    file.write_bytes(b"0123456789" * 100_000)
    door.cut_uploads_after = [300_000, 1, 400_000]
    document = window.upload(file, declarant="0100109106")
    assert door.documents[document.sha256] == file.read_bytes()
    offsets = [asked.headers.get("upload-offset") for asked in door.asked if asked.method == "PUT"]
    assert offsets == [None, "300000", "300001", "700001"]
    assert time.waited == [0.25, 0.25, 0.25], "patience begins anew with each advance"


def test_what_the_window_has_is_not_sent_again(door, window, tmp_path) -> None:
    file = tmp_path / "scan"
    file.write_bytes(b"here already")
    door.documents[sha256(b"here already").hexdigest()] = b"here already"
    assert window.upload(file, declarant="0100109106").media_type == "application/octet-stream"
    assert [asked.method for asked in door.asked] == ["HEAD"]


def test_a_document_that_is_refused(door, window, tmp_path) -> None:
    file = tmp_path / "virus.exe"
    file.write_bytes(b"MZ")
    door.next(404)
    door.next(415, {"type": "urn:nsw:problem:media-type"})
    with pytest.raises(Invalid) as told:
        window.upload(file, declarant="0100109106")
    assert told.value.kind == "media-type"
