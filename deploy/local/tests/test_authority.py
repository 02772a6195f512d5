"""The development authority: one a folder, its key private, its list true, and its name on everything."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from nsw_client import SigningKey
from nsw_local import LocalStackError
from nsw_local.authority import DEVELOPMENT_ONLY, ROOT_FILE, DevelopmentAuthority

TAX_CODE, LIST_URL = "0100109106", "http://127.0.0.1:8070/authority/revoked.crl"


def test_it_is_made_once_and_only_its_owner_reads_its_key(tmp_path) -> None:
    made = DevelopmentAuthority.of(tmp_path / "a")
    assert DevelopmentAuthority.of(tmp_path / "a").root == made.root
    assert (tmp_path / "a" / "key.pem").stat().st_mode & 0o777 == 0o600
    assert DevelopmentAuthority.of(tmp_path / "b").root != made.root
    (tmp_path / "b" / ROOT_FILE).write_bytes((tmp_path / "a" / ROOT_FILE).read_bytes())
    with pytest.raises(LocalStackError, match="do not belong together"):
        DevelopmentAuthority.of(tmp_path / "b")


def test_nothing_of_it_can_be_taken_for_a_real_authoritys(tmp_path) -> None:
    authority = DevelopmentAuthority.of(tmp_path)
    issued = authority.issue(TAX_CODE, LIST_URL).certificate
    for name in (authority.root.subject, issued.subject, issued.issuer):
        assert [one.value for one in name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == [DEVELOPMENT_ONLY]
    assert [one.value for one in issued.subject.get_attributes_for_oid(NameOID.USER_ID)] == [f"MST:{TAX_CODE}"]


def test_a_revoked_certificate_stands_in_its_list_once(tmp_path) -> None:
    authority = DevelopmentAuthority.of(tmp_path)
    one, other = (authority.issue(TAX_CODE, LIST_URL).certificate for _ in range(2))
    assert list(x509.load_der_x509_crl(authority.revoked_list())) == []
    authority.revoke(one)
    DevelopmentAuthority.of(tmp_path).revoke(one)
    made = x509.load_der_x509_crl(authority.revoked_list())
    assert made.is_signature_valid(authority.root.public_key())
    assert [each.serial_number for each in made] == [one.serial_number]
    assert authority.has_issued(other)
    assert not DevelopmentAuthority.of(tmp_path / "b").has_issued(other)


@pytest.mark.parametrize("password", [None, "a secret"])
def test_a_key_is_read_as_a_business_reads_it(tmp_path, password) -> None:
    issued = DevelopmentAuthority.of(tmp_path).issue(TAX_CODE, LIST_URL)
    (tmp_path / "business.p12").write_bytes(issued.pkcs12(password))
    read = SigningKey.from_files(tmp_path / "business.p12", password=password)
    assert (read.algorithm, read.certificate) == ("ES256", issued.certificate)
