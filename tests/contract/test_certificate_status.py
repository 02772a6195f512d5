"""What the window finds out of certificates: real authorities, their lists and OCSP responders, over real HTTP."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID
from nsw_intake.signing import revocation
from nsw_intake.signing.revocation import StatusChecker
from nsw_intake.signing.roots import read_roots
from nsw_runtime.clock import system_clock
from nsw_runtime.errors import BadSettings
from support.authority import Authority, Issued, authority, new_key, subject

MST = "0100109106"


@pytest.fixture(scope="module")
def ca() -> Iterator[Authority]:
    with authority() as one:
        yield one


@pytest.fixture
async def checker(ca: Authority, tmp_path: Path) -> AsyncIterator[StatusChecker]:
    ca.silent = ca.stale = False
    ca.asked.clear()
    file = tmp_path / "roots.pem"
    file.write_text(ca.roots_pem())
    made = StatusChecker(read_roots([str(file)]), system_clock, 3600)
    yield made
    await made.close()


def der(issued: Issued) -> bytes:
    return issued.certificate.public_bytes(Encoding.DER)


@pytest.mark.parametrize("kind", ["P-256", "P-384", "Ed25519", "RSA2048"])
@pytest.mark.parametrize("places", [{"crl": True}, {"crl": False, "ocsp_too": True}])
async def test_a_good_one_is_found_good(checker: StatusChecker, ca: Authority, kind: str, places: dict) -> None:
    began = system_clock()
    found = await checker.check(der(ca.issue(MST, key=new_key(kind), **places)), [])
    assert (found.kind, found.detail) == ("good", "")
    assert found.at >= began
    assert ca.asked == ({"/crl": 1} if places["crl"] else {"/ocsp": 1})


@pytest.mark.parametrize("places", [{"crl": True}, {"crl": False, "ocsp_too": True}, {"crl": True, "ocsp_too": True}])
async def test_a_revoked_one_is_found_revoked(checker: StatusChecker, ca: Authority, places: dict) -> None:
    one = ca.issue(MST, **places)
    ca.revoke(one)
    found = await checker.check(der(one), [])
    assert found.kind == "revoked"
    assert "revoked on 20" in found.detail


async def test_ocsp_that_is_away_gives_way_to_the_list(ca: Authority, checker: StatusChecker) -> None:
    one = ca.issue(MST, crl=True, ocsp_too=True)
    real = ca.answer
    ca.answer = lambda path, body: real(path, body) if path == "/crl" else (503, "text/plain", b"")  # type: ignore[method-assign]
    try:
        assert (await checker.check(der(one), [])).kind == "good"
    finally:
        ca.answer = real  # type: ignore[method-assign]


@pytest.mark.parametrize("away", ["silent", "stale"])
async def test_an_authority_that_gives_no_answer_leaves_it_unknown(
    checker: StatusChecker, ca: Authority, monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    monkeypatch.setattr(revocation, "RETRY_SECONDS", 0.0)
    one = ca.issue(MST)
    setattr(ca, away, True)
    assert (await checker.check(der(one), [])).kind == "unknown"
    setattr(ca, away, False)
    assert (await checker.check(der(one), [])).kind == "good", "it is asked anew, and not for ever unknown"


async def test_an_authority_nobody_listens_at_leaves_it_unknown(checker: StatusChecker, ca: Authority) -> None:
    real, ca.url = ca.url, "http://127.0.0.1:9"
    one = ca.issue(MST)
    ca.url = real
    assert (await checker.check(der(one), [])).kind == "unknown"


async def test_no_holder_stands_in_the_log(
    checker: StatusChecker, ca: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """The library logs whom it asks about; a certificate's holder may be a person."""
    caplog.set_level(logging.DEBUG)
    one = ca.issue(MST, name=subject(CN="NGUYỄN VĂN A", UID=f"MST:{MST}"), ocsp_too=True)
    assert (await checker.check(der(one), [])).kind == "good"
    ca.silent = True
    await checker.check(der(ca.issue(MST, name=subject(CN="NGUYỄN VĂN A"), ocsp_too=True)), [])
    assert "NGUYỄN" not in caplog.text


async def test_one_without_any_place_to_ask_is_unknown(checker: StatusChecker, ca: Authority) -> None:
    assert (await checker.check(der(ca.issue(MST, crl=False)), [])).kind == "unknown"


async def test_a_list_is_fetched_once_for_many(checker: StatusChecker, ca: Authority) -> None:
    found = [await checker.check(der(ca.issue(MST)), []) for _ in range(5)]
    assert {one.kind for one in found} == {"good"}
    assert len({one.at for one in found}) == 1, "what is found out is as old as the list it stands on"
    assert ca.asked == {"/crl": 1}


@pytest.mark.parametrize("days", [(-400, -1), (1, 30)])
async def test_outside_its_validity_it_is_not_trusted(
    checker: StatusChecker, ca: Authority, days: tuple[int, int]
) -> None:
    assert (await checker.check(der(ca.issue(MST, days=days)), [])).kind == "untrusted"


async def test_another_authority_is_not_trusted_and_nothing_in_its_certificates_is_called(
    checker: StatusChecker, ca: Authority
) -> None:
    """Whoever writes a certificate may name any address in it: no list, no responder and no issuer is asked."""
    name = subject(CN="Test Issuing CA")  # even under the same name
    key = new_key()
    theirs = Issued(key, ca.issue(name=name, key=key, extensions=()).certificate)
    issuer = x509.AccessDescription(
        AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(f"{ca.url}/issuer")
    )
    one = ca.issue(MST, signed_by=theirs, extensions=(x509.AuthorityInformationAccess([issuer]),))
    for chain in ([], [der(theirs)]):
        assert (await checker.check(der(one), chain)).kind == "untrusted"
    assert not ca.asked["/issuer"]
    nobody = subject(CN="Nobody's CA")
    theirs = Issued(key, ca.issue(name=nobody, key=key, signed_by=theirs, extensions=()).certificate)
    one = ca.issue(MST, signed_by=theirs, ocsp_too=False, extensions=(x509.AuthorityInformationAccess([issuer]),))
    ca.asked.clear()
    assert (await checker.check(der(one), [der(theirs)])).kind == "untrusted"
    assert not ca.asked


async def test_a_business_cannot_issue_for_another(checker: StatusChecker, ca: Authority) -> None:
    """A certificate of a trusted authority that is not itself an authority's."""
    one = ca.issue(MST, name=subject(CN="A", UID=f"MST:{MST}"))
    theirs = ca.issue("0100109107", signed_by=one)
    assert (await checker.check(der(theirs), [der(one)])).kind == "untrusted"


async def test_sha1_in_the_chain_is_not_trusted(checker: StatusChecker, ca: Authority) -> None:
    good = ca.issue(MST)
    assert (await checker.check(der(ca.with_sha1(good)), [])).kind == "untrusted"
    assert (await checker.check(der(good), [])).kind == "good"


async def test_without_roots_nothing_is_trusted(ca: Authority) -> None:
    made = StatusChecker(read_roots([]), system_clock, 3600)
    assert not made.trusts_any
    assert (await made.check(der(ca.issue(MST)), [])).kind == "untrusted"
    await made.close()


def test_files_that_hold_no_root_stop_the_start(ca: Authority, tmp_path: Path) -> None:
    file = tmp_path / "a.pem"
    for text in ("", "nonsense", ca.issuing.pem):
        file.write_text(text)
        with pytest.raises(BadSettings, match="NSW_SIGNING_ROOTS"):
            read_roots([str(file)])
    with pytest.raises(BadSettings, match="NSW_SIGNING_ROOTS"):
        read_roots([str(tmp_path / "none.pem")])
