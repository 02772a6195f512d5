"""XML signatures (XMLDSig, and XAdES on it): enveloped, over the whole document, by a registered certificate. Pure.

Everything that a signature may ask of a verifier is pinned: algorithms, transforms, and what is referred to. One
reference is to the document as a whole, so nothing can be wrapped around it or moved aside; any other is to a part of
the signature itself. Of a signed document only what `verify_xml` gives is used: it is read anew from the bytes that
were digested.
"""

from binascii import Error as Base64Error
from datetime import datetime
from typing import Any, Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature as WrongKey
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier
from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier

from nsw_intake.signing.certificate import thumbprint

_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_XADES: Final = "{http://uri.etsi.org/01903/v1.3.2#}"
_ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_SIGNED_PROPERTIES: Final = "http://uri.etsi.org/01903#SignedProperties"
_IDS: Final = frozenset({"Id", "ID", "id"})
_CANONICAL: Final = frozenset(
    {
        CanonicalizationMethod.CANONICAL_XML_1_0.value,
        CanonicalizationMethod.CANONICAL_XML_1_1.value,
        CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0.value,
    }
)
_TRANSFORMS: Final = _CANONICAL | {_ENVELOPED}
_METHODS: Final = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.SHA384_RSA_MGF1,
        SignatureMethod.SHA512_RSA_MGF1,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
_DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
MOST_REFERENCES: Final = 3  # the document, and what XAdES signs of itself


class BadXmlSignature(ValueError):
    """The signature cannot be taken; the text says what to mend."""


class VerifiedXml(NamedTuple):
    """The document as it was signed, without its signature. `signing_time`: as XAdES says it, where it does."""

    element: etree._Element
    signing_time: datetime | None


def is_signed(root: etree._Element) -> bool:
    """Whether there is an XML signature anywhere in it."""
    return next(root.iter(f"{_DS}Signature"), None) is not None


def certificate_named(raw: bytes) -> str:
    """The SHA-256 of the certificate that the signature says it was made with, in lower-case hexadecimal.

    Raises:
        BadXmlSignature: it names none, or is not one signature over a whole document.
    """
    text = _signature(_parsed(raw)).findtext(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")
    if not text:
        raise BadXmlSignature("names no certificate: KeyInfo/X509Data/X509Certificate is needed")
    try:
        pem = f"-----BEGIN CERTIFICATE-----\n{''.join(text.split())}\n-----END CERTIFICATE-----\n"
        return thumbprint(x509.load_pem_x509_certificate(pem.encode()))
    except ValueError:
        raise BadXmlSignature("has an X509Certificate that cannot be read") from None


def verify_xml(raw: bytes, certificate: x509.Certificate) -> VerifiedXml:
    """The signed document, when the signature in it holds for this certificate. Meant for a thread.

    Raises:
        BadXmlSignature: it does not, or asks for something that is not done here.
    """
    root = _parsed(raw)
    signature = _signature(root)
    references = _references(root, signature)
    xades = any(reference.get("Type") == _SIGNED_PROPERTIES for reference in references)
    config = (XAdESSignatureConfiguration if xades else SignatureConfiguration)(
        require_x509=True,
        location=".//",
        expect_references=True,  # any number: they have been counted and looked at here
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
    )
    verifier = XAdESVerifier() if xades else XMLVerifier()
    try:
        found = verifier.verify(raw, x509_cert=certificate, expect_config=config, parser=_parser())
    except (SignXMLException, WrongKey, etree.LxmlError, Base64Error, ValueError, TypeError) as error:
        raise BadXmlSignature(f"does not hold ({type(error).__name__})") from None
    results = found if isinstance(found, list) else [found]
    (whole,) = [
        result.signed_xml for reference, result in zip(references, results, strict=True) if _is_whole(reference, root)
    ]
    if whole is None or whole.tag != root.tag:
        raise BadXmlSignature("is not over the document")
    times = [
        time
        for result in results
        if result.signed_xml is not None and result.signed_xml.tag == f"{_XADES}SignedProperties"
        for time in result.signed_xml.iter(f"{_XADES}SigningTime")
    ]
    return VerifiedXml(whole, _moment(times[0].text) if times else None)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _parsed(raw: bytes) -> etree._Element:
    try:
        root = etree.fromstring(raw, _parser())
    except (etree.XMLSyntaxError, ValueError):
        raise BadXmlSignature("stands in what is no XML") from None
    docinfo: Any = root.getroottree().docinfo
    if docinfo.doctype:
        raise BadXmlSignature("stands in a document with a document type; leave it out")
    return root


def _signature(root: etree._Element) -> etree._Element:
    """The one signature of the document, below its root."""
    found = list(root.iter(f"{_DS}Signature"))
    if len(found) != 1 or found[0] is root:
        raise BadXmlSignature("is not one: exactly one ds:Signature stands inside the document that it signs")
    return found[0]


def _references(root: etree._Element, signature: etree._Element) -> list[etree._Element]:
    """The signature's references, each looked at: to what, through what."""
    method = signature.find(f"{_DS}SignedInfo/{_DS}CanonicalizationMethod")
    if method is None or method.get("Algorithm") not in _CANONICAL:
        raise BadXmlSignature("is canonicalised as is not done here: use C14N 1.0, 1.1 or exclusive, without comments")
    references = signature.findall(f"{_DS}SignedInfo/{_DS}Reference")
    if not 1 <= len(references) <= MOST_REFERENCES:
        raise BadXmlSignature(f"has no or more than {MOST_REFERENCES} references")
    for reference in references:
        transforms = [one.get("Algorithm") for one in reference.iterfind(f"{_DS}Transforms/{_DS}Transform")]
        if not _TRANSFORMS.issuperset(transforms):
            raise BadXmlSignature("has a transform that is not done here: enveloped-signature and C14N are")
        whole = _is_whole(reference, root)
        if whole and _ENVELOPED not in transforms:
            raise BadXmlSignature("is not enveloped: it needs the transform enveloped-signature")
        if not whole and not _is_inside(reference, root, signature):
            raise BadXmlSignature("refers to something else than the whole document or a part of itself")
    if sum(_is_whole(reference, root) for reference in references) != 1:
        raise BadXmlSignature("refers to the whole document not just once")
    return references


def _is_whole(reference: etree._Element, root: etree._Element) -> bool:
    uri = reference.get("URI")
    return uri == "" or (uri is not None and uri.startswith("#") and _named(root, uri[1:]) == [root])


def _is_inside(reference: etree._Element, root: etree._Element, signature: etree._Element) -> bool:
    uri = reference.get("URI") or ""
    found = _named(root, uri[1:]) if uri.startswith("#") else []
    return len(found) == 1 and signature in found[0].iterancestors()


def _named(root: etree._Element, wanted: str) -> list[etree._Element]:
    """Every element that has this id, in whatever spelling: of two, a verifier and a reader may each take another."""
    return [
        element
        for element in root.iter(etree.Element)
        if any(etree.QName(name).localname in _IDS and value == wanted for name, value in element.attrib.items())
    ]


def _moment(text: str | None) -> datetime:
    try:
        at = datetime.fromisoformat((text or "").strip())
    except ValueError:
        raise BadXmlSignature("has a SigningTime that is no time") from None
    if at.utcoffset() is None:
        raise BadXmlSignature("has a SigningTime without its offset from UTC")
    return at
