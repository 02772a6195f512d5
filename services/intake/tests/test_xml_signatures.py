"""XML signatures: what holds, and every way known to make a verifier take something else for what was signed."""

import copy
import datetime
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID
from lxml import etree
from nsw_intake.signing.certificate import thumbprint
from nsw_intake.signing.xml import BadXmlSignature, certificate_named, is_signed, verify_xml
from signxml import XMLSigner
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.xades import XAdESSigner

DS = "{http://www.w3.org/2000/09/xmldsig#}"
DOCUMENT = b"""<Envelope xmlns:x="urn:x"><Header><Subject><reference>260000000017</reference></Subject></Header>
<Body><Content><Quantity>10</Quantity></Content><Signature/></Body></Envelope>"""
NOW = datetime.datetime.now(datetime.UTC)
Change = Callable[[etree._Element], None]


def certified(key) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - datetime.timedelta(days=1))
        .not_valid_after(NOW + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )


KEY = ec.generate_private_key(ec.SECP256R1())
CERT = certified(KEY)
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = certified(OTHER_KEY)


def pem(key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def signed(
    document: bytes = DOCUMENT,
    *,
    signer=XMLSigner,
    key=KEY,
    cert=CERT,
    method=SignatureMethod.ECDSA_SHA256,
    uri=None,
    **options,
) -> etree._Element:
    """The document with an enveloped signature at its end."""
    made = signer(signature_algorithm=method, **options)
    return made.sign(etree.fromstring(document), key=pem(key), cert=[cert], reference_uri=uri)


def raw(root: etree._Element) -> bytes:
    return etree.tostring(root)


def signatures(root: etree._Element) -> list[etree._Element]:
    return list(root.iter(f"{DS}Signature"))


def signature(root: etree._Element) -> etree._Element:
    (found,) = signatures(root)
    return found


@pytest.mark.parametrize("signer", [XMLSigner, XAdESSigner])
@pytest.mark.parametrize("place", ["end", "Signature"])
def test_what_was_signed_is_given_back(signer, place: str) -> None:
    before = datetime.datetime.now(datetime.UTC).replace(microsecond=0)  # XAdES tells whole seconds
    root = signed(signer=signer)
    after = datetime.datetime.now(datetime.UTC)
    if place == "Signature":  # where the envelope has room for it; the digest is over the document without it
        root.find("Body/Signature").append(signature(root))
    assert is_signed(root)
    assert certificate_named(raw(root)) == thumbprint(CERT)
    verified = verify_xml(raw(root), CERT)
    assert verified.element.findtext("Body/Content/Quantity") == "10"
    assert not is_signed(verified.element)
    if signer is XAdESSigner:
        assert before <= verified.signing_time <= after
    else:
        assert verified.signing_time is None


def test_rsa_and_the_other_canonical_forms_hold() -> None:
    key = rsa.generate_private_key(65537, 2048)
    cert = certified(key)
    for canonical in (
        CanonicalizationMethod.CANONICAL_XML_1_0,
        CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    ):
        for method in (SignatureMethod.RSA_SHA256, SignatureMethod.SHA256_RSA_MGF1):
            root = signed(key=key, cert=cert, method=method, c14n_algorithm=canonical)
            assert verify_xml(raw(root), cert).element.tag == "Envelope"


def test_the_root_by_its_id_is_the_whole_document() -> None:
    root = signed(DOCUMENT.replace(b"<Envelope", b'<Envelope Id="e1"'), uri="#e1")
    assert verify_xml(raw(root), CERT).element.get("Id") == "e1"


def test_a_stripped_value_does_not_hold() -> None:
    root = signed()
    stripped_value(root)
    with pytest.raises(BadXmlSignature, match="does not hold"):
        verify_xml(raw(root), CERT)


def test_another_certificate_does_not_hold() -> None:
    with pytest.raises(BadXmlSignature, match="does not hold"):
        verify_xml(raw(signed()), OTHER)
    swapped = signed(key=OTHER_KEY, cert=OTHER)
    signature(swapped).find(f".//{DS}X509Certificate").text = signature(signed()).findtext(f".//{DS}X509Certificate")
    assert certificate_named(raw(swapped)) == thumbprint(CERT)
    with pytest.raises(BadXmlSignature, match="does not hold"):
        verify_xml(raw(swapped), CERT)


def quantity(root: etree._Element) -> None:
    root.find("Body/Content/Quantity").text = "9999"


def comment_in_text(root: etree._Element) -> None:
    """Comments are not signed; a reader that takes the text before one reads something else than was signed."""
    found = root.find("Body/Content/Quantity")
    found.text = "1"
    found.append(etree.Comment("x"))
    found[0].tail = "0"


def stripped_value(root: etree._Element) -> None:
    signature(root).find(f"{DS}SignatureValue").text = ""


def no_reference(root: etree._Element) -> None:
    info = signature(root).find(f"{DS}SignedInfo")
    info.remove(info.find(f"{DS}Reference"))


def no_key(root: etree._Element) -> None:
    found = signature(root)
    found.remove(found.find(f"{DS}KeyInfo"))


def set_reference(uri: str | None) -> Change:
    def change(root: etree._Element) -> None:
        reference = signature(root).find(f".//{DS}Reference")
        if uri is None:
            del reference.attrib["URI"]
        else:
            reference.set("URI", uri)

    return change


def set_method(algorithm: str) -> Change:
    return lambda root: signature(root).find(f".//{DS}SignatureMethod").set("Algorithm", algorithm)


def set_digest(algorithm: str) -> Change:
    return lambda root: signature(root).find(f".//{DS}DigestMethod").set("Algorithm", algorithm)


def set_canonical(algorithm: str) -> Change:
    return lambda root: signature(root).find(f".//{DS}CanonicalizationMethod").set("Algorithm", algorithm)


def add_transform(algorithm: str, content: str = "") -> Change:
    def change(root: etree._Element) -> None:
        transforms = signature(root).find(f".//{DS}Transforms")
        transforms.append(
            etree.fromstring(
                f'<Transform xmlns="http://www.w3.org/2000/09/xmldsig#" Algorithm="{algorithm}">{content}</Transform>'
            )
        )

    return change


def two_signatures(root: etree._Element) -> None:
    root.append(copy.deepcopy(signature(root)))


def many_references(root: etree._Element) -> None:
    reference = signature(root).find(f".//{DS}Reference")
    for _ in range(3):
        reference.addnext(copy.deepcopy(reference))


def whole_twice(root: etree._Element) -> None:
    reference = signature(root).find(f".//{DS}Reference")
    reference.addnext(copy.deepcopy(reference))


def not_enveloped(root: etree._Element) -> None:
    transforms = signature(root).find(f".//{DS}Transforms")
    transforms.remove(transforms[0])


STYLE = '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>'
XMLDSIG = "http://www.w3.org/2000/09/xmldsig#"
FAULTS: dict[str, tuple[Change, str]] = {
    "another content": (quantity, "does not hold"),
    "no reference": (no_reference, "no or more than"),
    "HMAC with the public key": (set_method("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"), "does not hold"),
    "HMAC SHA-1": (set_method(f"{XMLDSIG}hmac-sha1"), "does not hold"),
    "RSA SHA-1": (set_method(f"{XMLDSIG}rsa-sha1"), "does not hold"),
    "no such method": (set_method("none"), "does not hold"),
    "a digest by SHA-1": (set_digest(f"{XMLDSIG}sha1"), "does not hold"),
    "no such digest": (set_digest("none"), "does not hold"),
    "comments canonicalised": (set_canonical("http://www.w3.org/2006/12/xml-c14n11#WithComments"), "canonicalised"),
    "no such canonical form": (set_canonical("none"), "canonicalised"),
    "XSLT": (add_transform("http://www.w3.org/TR/1999/REC-xslt-19991116", STYLE), "transform"),
    "XPath": (add_transform("http://www.w3.org/TR/1999/REC-xpath-19991116", "<XPath>false()</XPath>"), "transform"),
    "XPath filter": (add_transform("http://www.w3.org/2002/06/xmldsig-filter2"), "transform"),
    "base64": (add_transform(f"{XMLDSIG}base64"), "transform"),
    "an unknown transform": (add_transform("urn:unknown"), "transform"),
    "a file": (set_reference("file:///etc/passwd"), "something else"),
    "an address": (set_reference("http://127.0.0.1:9/x"), "something else"),
    "an XPointer": (set_reference("#xpointer(/)"), "something else"),
    "a reference to nothing": (set_reference("#nothing"), "something else"),
    "a reference without a URI": (set_reference(None), "something else"),
    "two signatures": (two_signatures, "exactly one"),
    "the whole document twice": (whole_twice, "not just once"),
    "not enveloped": (not_enveloped, "not enveloped"),
    "many references": (many_references, "no or more than"),
}


@pytest.mark.parametrize("again", [False, True], ids=["changed", "signed anew"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_wrong_signature_does_not_hold(name: str, again: bool) -> None:
    """Even where the change is signed by the right key: what a signature may ask of us is ours to say."""
    change, says = FAULTS[name]
    root = signed()
    change(root)
    if again:
        sign_anew(root)
    with pytest.raises(BadXmlSignature, match=says):
        verify_xml(raw(root), CERT)


def sign_anew(root: etree._Element) -> None:
    """The signature's value over its SignedInfo as it now stands, by the right key."""
    found = signatures(root)[0]
    info = found.find(f"{DS}SignedInfo")
    r, s = decode_dss_signature(KEY.sign(etree.tostring(info, method="c14n"), ec.ECDSA(hashes.SHA256())))
    found.find(f"{DS}SignatureValue").text = b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()


def test_signing_anew_is_done_rightly() -> None:
    root = signed()
    signature(root).find(f"{DS}SignatureValue").text = "AAAA"
    sign_anew(root)
    assert verify_xml(raw(root), CERT).element.tag == "Envelope"


@pytest.mark.parametrize(
    "options",
    [
        {"method": SignatureMethod.ECDSA_SHA224},
        {"digest_algorithm": DigestAlgorithm.SHA224},
        {"digest_algorithm": DigestAlgorithm.SHA3_256},
        {"c14n_algorithm": CanonicalizationMethod.CANONICAL_XML_1_1_WITH_COMMENTS},
    ],
    ids=str,
)
def test_rightly_made_by_other_algorithms_is_refused(options) -> None:
    with pytest.raises(BadXmlSignature):
        verify_xml(raw(signed(**options)), CERT)


def test_one_document_holds_one_signature() -> None:
    """The second is over all, the first among it, and stands before it."""
    root = signed()
    first = signature(root)
    again = XMLSigner(signature_algorithm=SignatureMethod.ECDSA_SHA256).sign(root, key=pem(KEY), cert=[CERT])
    (second,) = [one for one in signatures(again) if etree.tostring(one) != etree.tostring(first)]
    again.insert(0, second)
    with pytest.raises(BadXmlSignature, match="exactly one"):
        verify_xml(raw(again), CERT)


def test_a_part_of_the_document_is_not_signed_beside_the_whole() -> None:
    root = signed(DOCUMENT.replace(b"<Envelope", b'<Envelope Id="e1"').replace(b"<Content", b'<Content Id="c1"'),
                  uri=["#e1", "#c1"])  # fmt: skip
    with pytest.raises(BadXmlSignature, match="something else"):
        verify_xml(raw(root), CERT)


def test_an_id_that_two_have_in_two_spellings_is_nobodys() -> None:
    text = DOCUMENT.replace(b"<Envelope", b'<Envelope Id="e1"').replace(b"<Content", b'<Content ID="e1"')
    with pytest.raises(BadXmlSignature, match="something else"):
        verify_xml(raw(signed(text, uri="#e1")), CERT)


def test_more_parts_than_xades_has_are_refused() -> None:
    root = signed()
    found = signature(root)
    reference = found.find(f".//{DS}Reference")
    for name in ("o1", "o2", "o3"):
        part = etree.SubElement(found, f"{DS}Object", Id=name)
        part.text = name
        copied = copy.deepcopy(reference)
        copied.set("URI", f"#{name}")
        transforms = copied.find(f"{DS}Transforms")
        transforms.remove(transforms[0])  # enveloped: it is about the whole document alone
        reference.addnext(copied)
        digested = etree.tostring(etree.fromstring(etree.tostring(part)), method="c14n")
        copied.find(f"{DS}DigestValue").text = b64encode(sha256(digested).digest()).decode()
    sign_anew(root)
    with pytest.raises(BadXmlSignature, match="more than 3 references"):
        verify_xml(raw(root), CERT)
    last = found.findall(f".//{DS}Reference")[-1]
    last.getparent().remove(last)
    sign_anew(root)
    assert verify_xml(raw(root), CERT).element.tag == "Envelope", "three are as many as there may be"


def test_what_is_read_is_what_was_signed_and_not_what_comments_make_of_it() -> None:
    root = signed()
    comment_in_text(root)
    assert verify_xml(raw(root), CERT).element.find("Body/Content/Quantity").text == "10"


def content_signed() -> etree._Element:
    """Only the content is signed, by its id: what a verifier that looks at the signature alone takes."""
    root = etree.fromstring(DOCUMENT.replace(b"<Content>", b'<Content Id="c1">'))
    made = XMLSigner(signature_algorithm=SignatureMethod.ECDSA_SHA256)
    return made.sign(root, key=pem(KEY), cert=[CERT], reference_uri="#c1")


def wrapped_beside() -> etree._Element:
    """The signed content moved aside, another in its place."""
    root = content_signed()
    content = root.find("Body/Content")
    forged = copy.deepcopy(content)
    forged.set("Id", "c2")
    forged.find("Quantity").text = "9999"
    content.getparent().replace(content, forged)
    etree.SubElement(root, "Aside").append(content)
    return root


def wrapped_in_object() -> etree._Element:
    """The signed content inside the signature itself."""
    root = content_signed()
    content = root.find("Body/Content")
    forged = copy.deepcopy(content)
    forged.attrib.pop("Id")
    forged.find("Quantity").text = "9999"
    content.getparent().replace(content, forged)
    etree.SubElement(signature(root), f"{DS}Object").append(content)
    return root


def wrapped_whole() -> etree._Element:
    """A whole signed document inside another one."""
    inner = signed(DOCUMENT.replace(b"<Envelope", b'<Envelope Id="e1"'), uri="#e1")
    outer = etree.fromstring(DOCUMENT.replace(b">10<", b">9999<"))
    outer.append(inner)
    return outer


def wrapped_under_the_same_id() -> etree._Element:
    """The root has the id now, in another spelling than what was signed."""
    root = content_signed()
    root.set("ID", "c1")
    return root


def wrapped_root_in_object() -> etree._Element:
    """The signed root in the signature of a forged one that has its id too."""
    original = signed(DOCUMENT.replace(b"<Envelope", b'<Envelope Id="e1"'), uri="#e1")
    found = signature(original)
    forged = etree.fromstring(DOCUMENT.replace(b"<Envelope", b'<Envelope ID="e1"').replace(b">10<", b">9999<"))
    original.remove(found)
    etree.SubElement(found, f"{DS}Object").append(original)
    forged.append(found)
    return forged


def signature_is_the_root() -> etree._Element:
    root = signed()
    found = signature(root)
    root.remove(found)
    etree.SubElement(found, f"{DS}Object").append(root)
    return found


@pytest.mark.parametrize(
    "make",
    [
        content_signed, wrapped_beside, wrapped_in_object, wrapped_whole, wrapped_under_the_same_id,
        wrapped_root_in_object, signature_is_the_root,
    ],
    ids=lambda make: make.__name__,
)  # fmt: skip
def test_nothing_is_wrapped_around_what_was_signed(make) -> None:
    with pytest.raises(BadXmlSignature):
        verify_xml(raw(make()), CERT)


def test_xades_names_the_certificate_that_signed() -> None:
    """A signature cannot be moved to a second certificate of the same key: the digest of the first one is signed."""
    again = certified(KEY)
    root = signed(signer=XAdESSigner)
    with pytest.raises(BadXmlSignature, match="does not hold"):
        verify_xml(raw(root), again)


def test_a_document_type_and_entities_are_not_read(tmp_path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    body = raw(signed())
    for doctype in (
        "<!DOCTYPE Envelope>",
        f'<!DOCTYPE Envelope [<!ENTITY x SYSTEM "{secret.as_uri()}">]>',
        '<!DOCTYPE Envelope SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE Envelope [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
    ):
        for ask in (certificate_named, lambda text: verify_xml(text, CERT)):
            with pytest.raises(BadXmlSignature, match="document type"):
                ask(doctype.encode() + body)


@pytest.mark.parametrize("body", [b"", b"<", b"<a/>", b"\x00", b"<a>&b;</a>", "<á/>".encode("latin-1")])
def test_what_is_no_signed_document_is_refused(body: bytes) -> None:
    for ask in (certificate_named, lambda text: verify_xml(text, CERT)):
        with pytest.raises(BadXmlSignature):
            ask(body)


def test_a_certificate_that_is_none_is_refused() -> None:
    root = signed()
    no_key(root)
    with pytest.raises(BadXmlSignature, match="names no certificate"):
        certificate_named(raw(root))
    for text in ("", "AAAA", "x" * 100, "-----END CERTIFICATE-----"):
        root = signed()
        signature(root).find(f".//{DS}X509Certificate").text = text
        with pytest.raises(BadXmlSignature):
            certificate_named(raw(root))


def test_digests_of_every_kind_that_is_taken_hold() -> None:
    for digest in (DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512):
        assert verify_xml(raw(signed(digest_algorithm=digest)), CERT).element.tag == "Envelope"
