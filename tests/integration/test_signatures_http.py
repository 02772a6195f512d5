"""Signed dossiers and commands, from the business's key to the stored bytes, over HTTP; and every classic fault."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from support.authority import Authority, Issued, new_key
from support.businesses import Business, new_tax_code, pack_today
from support.live import Live
from support.polling import until
from support.signing import b64, detached, header, jws_of, parts

FEED = "BNNPTNT0600009"
CERTIFICATES = "/v1/signing-certificates"
NDJSON = {"content-type": "application/x-ndjson"}
COUNTS_SECONDS = "4"
"""So long an authority's answer counts; half of it is what a machine may stand still between answer and use."""


@pytest.fixture(scope="module")
async def live(system: Live) -> AsyncIterator[Live]:
    """An intake that takes signed dossiers only, and asks a certificate's authority again every few seconds."""
    await system.mend()
    await start(system)
    yield system
    await system.mend()


async def start(live: Live) -> None:
    """Start that intake anew: it remembers nobody's silence."""
    await live.stop("intake")
    await live.begin("intake", NSW_SIGNATURES="required", NSW_REVOCATION_COUNTS_SECONDS=COUNTS_SECONDS)
    await live.ready("intake")


class Signer(Business):
    """A business with a registered certificate."""

    def __init__(self, live: Live, ca: Authority, kind: str = "P-256") -> None:
        super().__init__(live)
        self.cert = ca.issue(self.tax_code, key=new_key(kind))

    async def register(self, issued: Issued | None = None, **body: Any) -> tuple[int, Any]:
        sent = {"declarant": self.tax_code, "certificate": (issued or self.cert).pem} | body
        return await self.live.ask("POST", self.live.intake + CERTIFICATES, json=sent)

    def body(self, **changed: Any) -> bytes:
        """A dossier's bytes, written as nobody else would write them."""
        return json.dumps(self.dossier(pack_today(FEED)) | changed, indent=3, ensure_ascii=False).encode()

    async def send(self, body: bytes, *signatures: str, key: str = "", path: str = "") -> tuple[int, Any]:
        """File these bytes, with one `NSW-Signature` header for each of these values."""
        headers = [("content-type", "application/json"), ("idempotency-key", key or uuid4().hex)]
        headers += [("NSW-Signature", value) for value in signatures]
        url = f"{self.live.intake}/v1/dossiers{path}"
        return await self.live.ask("POST", url, data=BytesIO(body), headers=headers)


@pytest.fixture
async def business(live: Live, ca: Authority) -> Signer:
    made = Signer(live, ca)
    status, said = await made.register()
    assert status == 201, said
    return made


async def kept(live: Live, number: str) -> list[Any]:
    async with live.owner() as owner:
        return await owner.fetch("select * from intake.signed where number = $1 order by received_at", number)


async def fact(live: Live, number: str, kind: str = "submitted") -> dict[str, Any]:
    async with live.owner() as owner:
        value = await owner.fetchval(
            "select value from intake.journal where key = $1 and type like '%.' || $2 || '.v1'", number, kind
        )
    return json.loads(value)


def why(said: Any) -> str:
    """Kind, pointers and texts of a problem, in one line."""
    found = " ".join(f"{error['pointer']} {error['detail']}" for error in said.get("errors", []))
    return f"{said['type'].rpartition(':')[2]}: {said['detail']} {found}"


@pytest.mark.parametrize(
    ("kind", "alg"),
    [("P-256", "ES256"), ("P-384", "ES384"), ("Ed25519", "EdDSA"), ("RSA2048", "RS256"), ("RSA2048", "PS256")],
)
async def test_what_was_signed_is_kept_as_it_was_received(live: Live, ca: Authority, kind: str, alg: str) -> None:
    business = Signer(live, ca, kind)
    assert (await business.register())[0] == 201
    body = business.body()
    signature, before = detached(business.cert, body, alg=alg), time.time()
    status, receipt = await business.send(body, signature)
    assert status == 202, receipt
    (row,) = await kept(live, receipt["number"])
    assert row["body"] == body
    assert row["declarant"] == business.tax_code
    (one,) = json.loads(row["signatures"])
    assert (one["jws"], one["certificate"], one["revocation"]) == (signature, business.cert.sha256, "good")
    assert abs(datetime.fromisoformat(one["checked_at"]).timestamp() - before) < 60
    stated = await fact(live, receipt["number"])
    assert stated["signers"] == [{"certificate": business.cert.sha256, "holder": business.tax_code}]
    assert stated["signed_at"] == one["signed_at"].replace("+00:00", "Z")


async def test_without_a_signature_nothing_is_taken_in(business: Signer) -> None:
    status, said = await business.send(business.body())
    assert (status, said["type"]) == (422, "urn:nsw:problem:signature-missing")
    assert "NSW-Signature" in said["detail"]
    assert CERTIFICATES in said["detail"]


def _none(business: Signer, body: bytes) -> str:
    return detached(business.cert, body, alg="none")


def _none_and_empty(business: Signer, body: bytes) -> str:
    return b64(json.dumps(header(business.cert, alg="none")).encode()) + ".."


def _hmac_of_the_public_key(business: Signer, body: bytes) -> str:
    head = b64(json.dumps(header(business.cert, alg="HS256")).encode())
    public = business.cert.certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    made = hmac.HMAC(public, hashes.SHA256())
    made.update(f"{head}.{b64(body)}".encode())
    return f"{head}..{b64(made.finalize())}"


def _another_key(business: Signer, body: bytes) -> str:
    return detached(Issued(new_key(), business.cert.certificate), body)


def _unregistered(business: Signer, body: bytes) -> str:
    key = new_key()
    return detached(Issued(key, business.ca.issue(business.tax_code, key=key).certificate), body)  # type: ignore[attr-defined]


def _changed(**members: Any) -> Any:
    return lambda business, body: detached(business.cert, body, **members)


def _other_header(business: Signer, body: bytes) -> str:
    _, signature = parts(business.cert, body)
    return f"{b64(json.dumps(header(business.cert, iat=int(time.time()) - 5)).encode())}..{signature}"


def _twice_in_the_header(business: Signer, body: bytes) -> str:
    said = json.dumps(header(business.cert))
    return detached(business.cert, body, said[:-1] + ', "alg": "none"}')


def _unencoded_payload(business: Signer, body: bytes) -> str:
    """RFC 7797, rightly made: not taken, and said so."""
    head = b64(json.dumps(header(business.cert, b64=False, crit=["b64"])).encode())
    from support.signing import _sign

    return f"{head}..{b64(_sign(business.cert.key, head.encode() + b'.' + body, 'ES256'))}"


def _with_payload(business: Signer, body: bytes) -> str:
    head, signature = parts(business.cert, body)
    return f"{head}.{b64(body)}.{signature}"


def _padded(business: Signer, body: bytes) -> str:
    return detached(business.cert, body) + "="


def _der_signature(business: Signer, body: bytes) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec

    head = b64(json.dumps(header(business.cert)).encode())
    return f"{head}..{b64(business.cert.key.sign(f'{head}.{b64(body)}'.encode(), ec.ECDSA(hashes.SHA256())))}"


def _zeros(business: Signer, body: bytes) -> str:
    """r = s = 0, which a verifier that forgets to look takes for anything."""
    return f"{parts(business.cert, body)[0]}..{b64(bytes(64))}"


FAULTS: dict[str, tuple[Any, str]] = {
    "alg none": (_none, "alg"),
    "alg none, no signature": (_none_and_empty, "detached JWS"),
    "HMAC with the public key": (_hmac_of_the_public_key, "alg"),
    "an algorithm of another key": (_changed(alg="RS256"), "RS256 is not what this certificate's key makes"),
    "another key": (_another_key, "is not this certificate's over these bytes"),
    "a certificate nobody registered": (_unregistered, "register it with POST /v1/signing-certificates"),
    "no certificate named": (_changed(**{"x5t#S256": ...}), "x5t#S256"),
    "half a certificate named": (_changed(**{"x5t#S256": "AAAA"}), "x5t#S256"),
    "another header than was signed": (_other_header, "is not this certificate's over these bytes"),
    "alg twice": (_twice_in_the_header, "twice"),
    "b64 false": (_unencoded_payload, "`crit` or `b64`"),
    "b64 false that nobody called critical": (_changed(b64=False), "`crit` or `b64`"),
    "something critical": (_changed(crit=["exp"], exp=1), "`crit` or `b64`"),
    "the payload in it": (_with_payload, "detached JWS"),
    "padding": (_padded, "detached JWS"),
    "a signature in DER": (_der_signature, "is not this certificate's over these bytes"),
    "zeros": (_zeros, "is not this certificate's over these bytes"),
    "no time": (_changed(iat=...), "iat"),
    "a time that is text": (_changed(iat="1"), "iat"),
    "a time that is true": (_changed(iat=True), "iat"),
    "a time that is no date": (_changed(iat=2**62), "iat"),
    "an old time": (_changed(iat=int(time.time()) - 7200), "15 minutes"),
    "a time to come": (_changed(iat=int(time.time()) + 7200), "15 minutes"),
    "for a command": (_changed(dossier="260000000017", command="withdrawal"), "for a command"),
    "no JSON in the header": (lambda business, body: detached(business.cert, body, "{"), "no JSON"),
    "a list in the header": (lambda business, body: detached(business.cert, body, "[]"), "no JSON object"),
    "deep in the header": (lambda business, body: detached(business.cert, body, '{"a":' + "[" * 1900), ""),
    "too long": (lambda business, body: detached(business.cert, body, pad="x" * 4000), "too long"),
    "nothing": (lambda business, body: "", "detached JWS"),
    "nonsense": (lambda business, body: "x", "detached JWS"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_wrong_signature_is_refused(business: Signer, ca: Authority, name: str) -> None:
    make, says = FAULTS[name]
    business.ca = ca  # type: ignore[attr-defined]
    body, used = business.body(), uuid4().hex
    status, said = await business.send(body, make(business, body), key=used)
    assert status == 422, said
    assert said["type"] == "urn:nsw:problem:signature-invalid", said
    assert said["errors"][0]["pointer"].startswith("/NSW-Signature")
    assert says in said["errors"][0]["detail"]
    async with business.live.owner() as owner:
        assert not await owner.fetchval("select count(*) from intake.dossier where idempotency_key = $1", used)


async def test_other_bytes_than_were_signed_are_refused(business: Signer) -> None:
    """Even where they say the same: the bytes are signed, not their meaning."""
    body = business.body()
    for other in (body + b"\n", json.dumps(json.loads(body)).encode(), business.body(documents=[])):
        status, said = await business.send(other, detached(business.cert, body))
        assert status == 422, said


async def test_another_business_cannot_sign(live: Live, ca: Authority, business: Signer) -> None:
    other = Signer(live, ca)
    assert (await other.register())[0] == 201
    body = business.body()
    status, said = await business.send(body, detached(other.cert, body))
    assert (status, said["type"]) == (422, "urn:nsw:problem:signature-invalid")
    assert "no certificate with this x5t#S256 is registered for " + business.tax_code in why(said)
    both = f"{detached(business.cert, body)}, {detached(other.cert, body)}"
    assert (await business.send(body, both))[0] == 422, "nobody signs beside who is asked for"


async def test_several_signers_each_hold(live: Live, ca: Authority, business: Signer) -> None:
    """Two certificates of one business, in one header or in two; one wrong, and nothing is taken in."""
    second = ca.issue(business.tax_code, key=new_key("Ed25519"))
    assert (await business.register(second))[0] == 201
    body = business.body()
    one, two = detached(business.cert, body), detached(second, body, iat=int(time.time()) - 60)
    wrong = detached(second, body + b" ")
    for signatures in ([f"{one} , {two}"], [one, two]):
        status, said = await business.send(body, *signatures)
        assert status == 202, said
        (row,) = await kept(live, said["number"])
        assert [each["jws"] for each in json.loads(row["signatures"])] == [one, two]
        stated = await fact(live, said["number"])
        assert [signer["certificate"] for signer in stated["signers"]] == [business.cert.sha256, second.sha256]
        assert datetime.fromisoformat(stated["signed_at"]) > datetime.fromtimestamp(time.time() - 50, UTC)
    for signatures, at in (([f"{one},{wrong}"], 1), ([one, wrong], 1), ([wrong, one], 0)):
        status, said = await business.send(body, *signatures)
        assert status == 422
        assert said["errors"][0]["pointer"] == f"/NSW-Signature/{at}"
    for signatures in ([f"{one},"], [one, one], [",".join([one] * 6)]):
        status, said = await business.send(body, *signatures)
        assert status == 422, signatures


async def test_the_same_again_with_another_signature_gives_the_first_receipt(business: Signer, live: Live) -> None:
    body, used = business.body(), uuid4().hex
    first = await business.send(body, detached(business.cert, body), key=used)
    assert first[0] == 202
    again = detached(business.cert, body, iat=int(time.time()) - 30)
    assert await business.send(body, again, key=used) == first
    assert (await business.send(body, detached(business.cert, body + b" "), key=used))[0] == 422
    assert len(await kept(live, first[1]["number"])) == 1


async def test_a_revoked_certificate_signs_no_more(live: Live, ca: Authority, business: Signer) -> None:
    ca.revoke(business.cert)
    body, said = business.body(), {}

    async def refused() -> bool:
        """The last answer still counts for two seconds."""
        nonlocal said
        status, said = await business.send(body, detached(business.cert, body))
        assert status in (202, 422)
        return status == 422

    await until(refused, "the certificate to be found revoked")
    assert "revoked" in why(said)
    _, listed = await live.ask("GET", f"{live.intake}{CERTIFICATES}?declarant={business.tax_code}")
    assert listed["certificates"][0]["revoked_at"]
    other = ca.issue(business.tax_code)
    ca.revoke(other)

    async def unfit() -> bool:
        status, said = await business.register(other)
        return (status, said.get("type")) == (422, "urn:nsw:problem:certificate-unfit")

    await until(unfit, "the list to be fetched anew")


async def test_an_ended_certificate_signs_no_more_and_what_it_signed_stays(live: Live, business: Signer) -> None:
    body = business.body()
    status, receipt = await business.send(body, detached(business.cert, body))
    assert status == 202
    at = f"{live.intake}{CERTIFICATES}/{business.cert.sha256}"
    stranger = new_tax_code()
    live.acts_for(stranger)
    assert (await live.ask("DELETE", f"{at}?declarant={stranger}"))[0] == 404, "another's looks like none"
    for _ in range(2):
        assert (await live.ask("DELETE", f"{at}?declarant={business.tax_code}"))[0] == 204
    status, said = await business.send(body, detached(business.cert, body))
    assert status == 422
    assert "was ended" in why(said)
    assert (await business.register())[0] == 409, "it is not taken up again"
    assert len(await kept(live, receipt["number"])) == 1
    assert (await live.ask("GET", f"{live.intake}/v1/dossiers/{receipt['number']}"))[0] == 200


async def test_an_authority_that_does_not_answer_is_503_and_the_same_key_works_later(
    live: Live, ca: Authority, business: Signer
) -> None:
    body, used, said = business.body(), uuid4().hex, {}
    ca.silent = True
    try:

        async def unknown() -> bool:
            nonlocal said
            status, said = await business.send(body, detached(business.cert, body))
            assert status in (202, 503), said
            return status == 503

        await until(unknown, "the last answer to be too old")
        assert said["type"] == "urn:nsw:problem:unavailable"
        assert (await business.send(body, detached(business.cert, body), key=used))[0] == 503
        status, _ = await Signer(live, ca).register()
        assert status == 503, "what cannot be checked is not registered"
    finally:
        ca.silent = False
    await start(live)
    status, receipt = await business.send(body, detached(business.cert, body), key=used)
    assert status == 202, receipt


async def test_bulk_lines_are_judged_each(live: Live, ca: Authority, business: Signer) -> None:
    other = Signer(live, ca)
    body = business.body()

    def line(**said: Any) -> bytes:
        return json.dumps({"idempotency_key": uuid4().hex} | said).encode()

    good = jws_of(body, business.cert)
    lines = [
        line(jws=good),
        line(dossier=json.loads(body)),
        line(jws=jws_of(body, other.cert)),
        line(jws=good | {"payload": b64(body + b" ")}),
        line(jws=good | {"payload": urlsafe_b64encode(body).decode() + "="}),
        line(jws=good | {"signatures": []}),
        line(jws=good | {"signatures": good["signatures"] * 2}),
        line(jws=good | {"signatures": [good["signatures"][0] | {"header": {"alg": "none"}}]}),
        line(jws=good | {"extra": 1}),
        line(jws=jws_of(b"{", business.cert)),
        line(jws=jws_of(business.body(procedure="BYTE0999999"), business.cert)),
        line(jws=good, dossier=json.loads(body)),
        line(jws=jws_of(body, business.cert)),
    ]
    status, text = await live.ask(
        "POST", f"{live.intake}/v1/dossiers/bulk", data=BytesIO(b"\n".join(lines)), headers=NDJSON
    )
    assert status == 200
    results = [json.loads(each) for each in text.splitlines()]
    assert [each["status"] for each in results] == [202, 422, 422, 422, 422, 422, 422, 422, 422, 400, 422, 400, 202]
    assert [error["pointer"] for each in results[1:11] for error in each["problem"].get("errors", [])] == [
        "/jws/signatures/0", "/jws/signatures/0", "/jws/payload", "/jws/signatures", "/jws/signatures",
        "/jws/signatures/0", "/jws", "/jws/payload/procedure",
    ]  # fmt: skip
    (row,) = await kept(live, results[0]["receipt"]["number"])
    assert row["body"] == body
    assert json.loads(row["signatures"])[0]["certificate"] == business.cert.sha256


async def test_a_command_is_signed_for_its_dossier_and_for_nothing_else(
    live: Live, ca: Authority, business: Signer
) -> None:
    await business.agencies_answer({})  # the dossiers wait
    body = business.body()
    numbers = [(await business.send(body, detached(business.cert, body)))[1]["number"] for _ in range(2)]
    withdrawal = json.dumps({"reason": "Không nhập nữa"}).encode()

    def signed(number: str, command: str = "withdrawal", by: Issued = business.cert) -> str:
        return detached(by, withdrawal, dossier=number, command=command)

    path = f"/{numbers[0]}/withdrawals"
    other = Signer(live, ca)
    assert (await other.register())[0] == 201
    assert (await business.send(withdrawal, path=path))[0] == 422
    for wrong in (
        detached(business.cert, withdrawal),
        signed(numbers[1]),
        signed(numbers[0], "payment"),
        signed(numbers[0], by=other.cert),
        detached(business.cert, withdrawal + b" ", dossier=numbers[0], command="withdrawal"),
    ):
        status, said = await business.send(withdrawal, wrong, path=path)
        assert (status, said["type"]) == (422, "urn:nsw:problem:signature-invalid"), said
    used = uuid4().hex
    status, receipt = await business.send(withdrawal, signed(numbers[0]), path=path, key=used)
    assert status == 202, receipt
    assert (await business.send(withdrawal, signed(numbers[0]), path=path, key=used)) == (202, receipt)
    _, row = await kept(live, numbers[0])
    assert (row["body"], row["fact"]) == (withdrawal, receipt["command_id"])
    stated = await fact(live, numbers[0], "withdrawal-filed")
    assert stated["signers"] == [{"certificate": business.cert.sha256, "holder": business.tax_code}]
    line = {
        "idempotency_key": uuid4().hex, "number": numbers[1], "command": "withdrawal",
        "jws": jws_of(withdrawal, business.cert, dossier=numbers[1], command="withdrawal"),
    }  # fmt: skip
    _, text = await live.ask("POST", f"{live.intake}/v1/dossiers/bulk", data=json.dumps(line), headers=NDJSON)
    assert json.loads(text)["status"] == 202, text


@pytest.mark.parametrize("kind", ["RSA1024", "P-521", "secp256k1"])
async def test_weak_and_unusual_keys_are_not_registered(live: Live, ca: Authority, kind: str) -> None:
    status, said = await Signer(live, ca, kind).register()
    assert (status, said["type"]) == (422, "urn:nsw:problem:certificate-unfit")
    assert "RSA of 2048" in why(said)


async def test_only_a_certificate_for_this_tax_code_is_registered(live: Live, ca: Authority, business: Signer) -> None:
    status, said = await Signer(live, ca).register(business.cert)
    assert status == 422
    assert "tax code" in why(said)
    status, said = await business.register(certificate="nonsense")
    assert (status, said["errors"][0]["pointer"]) == (422, "/certificate")
    status, again = await business.register()
    assert (status, again["sha256"]) == (200, business.cert.sha256), "the same again is the same"
    for field, value in (("declarant", "1"), ("certificate", ""), ("more", 1)):
        assert (await business.register(**{field: value}))[0] == 422
    assert (await live.ask("GET", live.intake + CERTIFICATES))[0] == 400
    _, listed = await live.ask("GET", f"{live.intake}{CERTIFICATES}?declarant={business.tax_code}")
    (one,) = listed["certificates"]
    assert one["holder"] == f"CÔNG TY {business.tax_code}"
    assert int(one["serial"], 16) == business.cert.certificate.serial_number
    assert datetime.fromisoformat(one["not_after"]) == business.cert.certificate.not_valid_after_utc
