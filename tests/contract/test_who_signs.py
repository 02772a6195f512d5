"""Who must sign and who may: the pack's rules, several signers, and XML documents, over registered certificates."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree
from nsw_intake.signing import store
from nsw_intake.signing.certificate import read
from nsw_intake.signing.claims import UNSIGNED, from_header
from nsw_intake.signing.known import KnownCertificates, RevocationPolicy
from nsw_intake.signing.process import SigningProcess
from nsw_intake.signing.receipts import ReceiptKeys
from nsw_intake.signing.revocation import StatusChecker
from nsw_intake.signing.roots import read_roots
from nsw_intake.signing.signatures import Asked, Signatures
from nsw_intake.signing.store import CertificateRow, Signed
from nsw_intake.signing.xml_signatures import XmlSignatures
from nsw_procedures.pack import Pack, SignatureRule
from nsw_procedures.packs import packs
from nsw_runtime.clock import system_clock
from nsw_runtime.problems import Problem
from pydantic import ValidationError
from signxml import XMLSigner
from signxml.algorithms import SignatureMethod
from signxml.xades import XAdESSigner
from support.authority import Authority, Issued
from support.scratch import Database
from support.signing import detached

OURS, BROKER, STRANGER = "0100109106", "0100109107", "0100109108"
ALONE = (SignatureRule(role="declarant"),)
WITH_BROKER = (SignatureRule(role="declarant"), SignatureRule(role="co-signer"))
BOTH_OF_OURS = (SignatureRule(role="declarant"), SignatureRule(role="declarant"))
BODY = b'{"a": 1}'
WINDOW = timedelta(minutes=15)


@pytest.fixture
async def judged(database: Database, ca: Authority, tmp_path: Path) -> AsyncIterator[Any]:
    """Registers certificates, and judges with them."""
    ca.silent = False
    file = tmp_path / "roots.pem"
    file.write_text(ca.roots_pem())
    checker = StatusChecker(read_roots([str(file)]), system_clock, 60)
    process = SigningProcess(ReceiptKeys(ec.generate_private_key(ec.SECP256R1())))
    hour = timedelta(hours=1)

    class Judge:
        def __init__(self, pool: Any) -> None:
            self.known = KnownCertificates(pool, system_clock, checker, RevocationPolicy(hour, "refuse", hour))
            self.xml = XmlSignatures(known=self.known, clock=system_clock, window=WINDOW)

        async def register(self, tax_code: str, *, days: tuple[float, float] = (-1, 30)) -> Issued:
            issued = ca.issue(tax_code, days=days)
            one, now = read(issued.certificate), system_clock()
            der = issued.certificate.public_bytes(Encoding.DER)
            row = CertificateRow(
                one.sha256, tax_code, one.holder, one.issuer, one.serial, one.not_before, one.not_after, der, [], now,
                None, now, None,
            )  # fmt: skip
            async with database.connection("intake") as connection:
                await store.register(connection, row)
            return issued

        async def __call__(
            self, rules: Any, *by: Issued, policy: Any = "required", claim: Any = None
        ) -> Signed | Problem | None:
            judge = Signatures(known=self.known, process=process, clock=system_clock, policy=policy, window=WINDOW)
            if claim is None:
                claim = from_header([detached(one, BODY) for one in by], BODY) if by else UNSIGNED
            (result,) = await judge.judge([Asked(claim, OURS, rules)])
            return result

    async with database.pool("intake") as pool:
        yield Judge(pool)
    await process.close()
    await checker.close()


def why(result: object) -> str:
    assert isinstance(result, Problem), result
    return " ".join([result.kind, result.detail, *(error.detail for error in result.errors)])


async def test_who_must_sign_is_the_packs_to_say(judged: Any) -> None:
    ours, second, broker = [await judged.register(tax_code) for tax_code in (OURS, OURS, BROKER)]
    for rules, by in ((ALONE, [ours]), (WITH_BROKER, [ours, broker]), (WITH_BROKER, [broker, ours]),
                      (BOTH_OF_OURS, [ours, second]), (ALONE, [ours, second])):  # fmt: skip
        result = await judged(rules, *by)
        assert [one.certificate for one in result.signatures] == [each.sha256 for each in by]
    for rules, by, says in (
        (WITH_BROKER, [ours], "there are 1 and 0"),
        (WITH_BROKER, [ours, second], "there are 2 and 0"),
        (BOTH_OF_OURS, [ours], "there are 1 and 0"),
        (WITH_BROKER, [broker], f"{OURS}, which files, has not signed"),
        (ALONE, [broker], f"registered for {OURS}"),
        (ALONE, [ours, broker], f"registered for {OURS}"),
        (BOTH_OF_OURS, [ours, broker], f"registered for {OURS}"),
        (ALONE, [], "signature-missing"),
        (ALONE, [ours, ours], "signs twice"),
    ):
        assert says in why(await judged(rules, *by)), (rules, by)


async def test_optional_lets_signatures_be_missing_and_not_be_wrong(judged: Any) -> None:
    ours, broker, stranger = [await judged.register(tax_code) for tax_code in (OURS, BROKER, STRANGER)]
    assert await judged(WITH_BROKER, policy="optional") is None
    assert isinstance(await judged(WITH_BROKER, ours, policy="optional"), Signed)
    for by in ([broker], [ours, broker, stranger]):
        assert "signature-invalid" in why(await judged(WITH_BROKER, *by, policy="optional"))
    assert "signature-invalid" in why(await judged(ALONE, broker, policy="optional"))
    wrong = from_header([detached(ours, BODY + b" ")], BODY)
    assert "signature-invalid" in why(await judged(ALONE, claim=wrong, policy="optional"))


@pytest.mark.parametrize("days", [(-30, -1), (1, 30)])
async def test_a_certificate_signs_within_its_validity_only(judged: Any, days: tuple[int, int]) -> None:
    assert "is valid from" in why(await judged(ALONE, await judged.register(OURS, days=days)))


@asynccontextmanager
async def refused(says: str) -> AsyncIterator[None]:
    with pytest.raises(Problem) as problem:
        yield
    assert problem.value.status == 422
    assert says in why(problem.value)


def xml(by: Issued, signer: Any = XMLSigner, text: bytes = b"<E><a>1</a></E>") -> bytes:
    key = by.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    made = signer(signature_algorithm=SignatureMethod.ECDSA_SHA256)
    return etree.tostring(made.sign(etree.fromstring(text), key=key, cert=[by.certificate]))


@pytest.mark.parametrize("signer", [XMLSigner, XAdESSigner])
async def test_an_xml_document_is_signed_as_any_other(judged: Any, signer: Any) -> None:
    ours, other = await judged.register(OURS), await judged.register(STRANGER)
    raw = xml(ours, signer)
    element, signed = await judged.xml.verified(raw)
    assert (element.findtext("a"), signed.body) == ("1", raw)
    (one,) = signed.signatures
    assert (one.jws, one.certificate, one.holder, one.revocation) == ("", ours.sha256, OURS, "good")
    assert abs(one.signed_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert await judged(ALONE, claim=signed) == signed
    assert "signature-missing" in why(await judged(WITH_BROKER, claim=signed))
    _, theirs = await judged.xml.verified(xml(other, signer))
    assert "has not signed" in why(await judged(WITH_BROKER, claim=theirs))
    assert "signature-invalid" in why(await judged(ALONE, claim=theirs, policy="optional"))
    async with refused("does not hold"):
        await judged.xml.verified(raw.replace(b"<a>1</a>", b"<a>2</a>"))
    async with refused("register it with POST"):
        await judged.xml.verified(xml(judged_stranger(ours)))
    async with refused("is valid from"):
        await judged.xml.verified(xml(await judged.register(OURS, days=(-30, -1))))


def judged_stranger(ours: Issued) -> Issued:
    """Another certificate of the same key, which nobody registered."""
    return Authority("http://127.0.0.1:9").issue(OURS, key=ours.key)


async def test_an_xml_signing_time_far_from_now_is_refused(judged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = await judged.register(OURS)
    raw = xml(ours, XAdESSigner)
    monkeypatch.setattr(judged.xml, "_clock", lambda: system_clock() + WINDOW + timedelta(minutes=1))
    async with refused("SigningTime"):
        await judged.xml.verified(raw)


def test_a_pack_has_its_declarant_sign() -> None:
    pack = packs().in_force("BYTE0500009", datetime(2026, 3, 2, tzinfo=UTC).date())
    assert pack is not None
    assert [rule.role for rule in pack.signatures] == ["declarant"]
    fields = pack.model_dump()
    broker = {"role": "co-signer", "names": {"vi": "Đại lý", "en": "Broker"}}
    made = Pack.model_validate(fields | {"signatures": [{"role": "declarant"}, broker]})
    assert [rule.role for rule in made.signatures] == ["declarant", "co-signer"]
    for wrong in ([], [broker], [{"role": "declarant"}] * 6, [{"role": "witness"}]):
        with pytest.raises(ValidationError):
            Pack.model_validate(fields | {"signatures": wrong})
