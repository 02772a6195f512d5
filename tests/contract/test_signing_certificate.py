"""A signing certificate by itself: whose it is in every form authorities use, and what cannot sign here."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from nsw_intake.signing.certificate import MOST_CERTIFICATES, Unfit, read, read_pem
from support.authority import Authority, new_key, subject, usage

MST = "0100109106"


@pytest.fixture(scope="module")
def ca() -> Authority:
    """It is not asked anything here."""
    return Authority("http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("name", "tax_codes"),
    [
        ({"UID": f"MST:{MST}"}, [MST]),
        ({"UID": f"MST: {MST}"}, [MST]),
        ({"UID": f"MST:{MST}-001"}, [f"{MST}-001"]),
        ({"serialNumber": f"MST:{MST}"}, [MST]),
        ({"organizationIdentifier": f"VATVN-{MST}"}, [MST]),
        ({"UID": f"MST:{MST}", "organizationIdentifier": f"VATVN-{MST}"}, [MST]),
        ({"UID": f"CMND:{MST}"}, []),
        ({"UID": MST}, []),
        ({"UID": f"XMST:{MST}"}, []),
        ({"UID": f"MST:{MST}0"}, []),
        ({"organizationIdentifier": f"VATDE-{MST}"}, []),
        ({"O": f"MST:{MST}"}, []),
        ({}, []),
    ],
)
def test_whose_it_is_stands_in_its_subject(ca: Authority, name: dict[str, str], tax_codes: list[str]) -> None:
    one = read(ca.issue(name=subject(CN=f"MST:{MST}", **name)).certificate)
    assert list(one.tax_codes) == tax_codes


def test_a_certificate_of_a_person_and_its_business_names_both(ca: Authority) -> None:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    attributes = [x509.NameAttribute(NameOID.USER_ID, value) for value in ("CCCD:025199009534", f"MST:{MST}")]
    one = read(ca.issue(name=x509.Name(attributes)).certificate)
    assert (one.tax_codes, one.holder) == ((MST,), "")


@pytest.mark.parametrize("kind", ["RSA1024", "P-521", "secp256k1"])
def test_a_weak_or_unusual_key_is_refused(ca: Authority, kind: str) -> None:
    with pytest.raises(Unfit, match="RSA of 2048"):
        read(ca.issue(MST, key=new_key(kind)).certificate)


def test_sha1_an_authoritys_and_one_not_for_signing_are_refused(ca: Authority) -> None:
    for issued, says in (
        (ca.with_sha1(ca.issue(MST)), "SHA-1"),
        (ca.issuing, "certification authority's"),
        (ca.issue(MST, extensions=(usage("key_encipherment"),)), "keyUsage"),
    ):
        with pytest.raises(Unfit, match=says):
            read(issued.certificate)
    for uses in ((usage("digital_signature"),), (usage("content_commitment"),), ()):
        assert read(ca.issue(MST, extensions=uses).certificate).tax_codes == (MST,)


def test_a_pem_is_read_with_what_follows_it(ca: Authority) -> None:
    one = ca.issue(MST)
    assert read_pem(one.pem + ca.issuing.pem) == (one.certificate, ca.issuing.certificate)
    der = one.certificate.public_bytes(Encoding.DER)
    for text in ("", "nonsense", str(der), one.pem * (MOST_CERTIFICATES + 1), "\x00"):
        with pytest.raises(Unfit):
            read_pem(text)
