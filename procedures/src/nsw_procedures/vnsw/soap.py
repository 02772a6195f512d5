"""SOAP 1.1 around a message, as deployed: one element in the body, and the message's XML as its text.

What is no SOAP at all, or not the operation asked for, is a fault; whatever is wrong with the message itself is
answered by a message.
"""

from typing import Final, Literal

from lxml import etree

from nsw_procedures.xml_reader import USUAL, Limits, XmlRefused, read_xml

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
SERVICE: Final = "http://com/vnsw/ws/generated"
MEDIA_TYPE: Final = "text/xml"

Operation = Literal["receive", "sendToMinistry"]
"""`receive`: into the window; `sendToMinistry`: from the window to a ministry."""

_PAYLOADS: Final = {"Request": "requestPayload", "Response": "responsePayload"}
Direction = Literal["Request", "Response"]


class NoSoap(ValueError):
    """It is no SOAP request of this service. `code` is SOAP's own: `Client`, `VersionMismatch` or `MustUnderstand`."""

    def __init__(self, code: str, says: str) -> None:
        super().__init__(says)
        self.code = code


class SoapFault(NoSoap):
    """The other side answered a fault; `code` is what it says of whose fault it is, such as `Client` or `Server`."""


def payload_of(body: bytes, operation: Operation, direction: Direction, limits: Limits = USUAL) -> str:
    """The message's text in a SOAP envelope.

    Raises:
        NoSoap: it is none, or of another operation.
        SoapFault: it is a fault.
    """
    try:
        root = read_xml(body, limits)
    except XmlRefused as error:
        raise NoSoap("Client", f"This is no SOAP envelope: {error}.") from None
    name = etree.QName(root)
    if name.localname != "Envelope" or name.namespace is None:
        raise NoSoap("Client", "This is no SOAP envelope: its root must be Envelope of SOAP 1.1.")
    if name.namespace != SOAP:
        raise NoSoap("VersionMismatch", f"Send SOAP 1.1: an Envelope of the namespace {SOAP}.")
    for block in root.findall(f"{{{SOAP}}}Header/*"):
        if block.get(f"{{{SOAP}}}mustUnderstand") in ("1", "true"):
            raise NoSoap("MustUnderstand", "No SOAP header is understood here; leave them out.")
    bodies = root.findall(f"{{{SOAP}}}Body")
    asked = list(bodies[0]) if len(bodies) == 1 else []
    element, payload = f"{operation}{direction}", _PAYLOADS[direction]
    if asked and asked[0].tag == f"{{{SOAP}}}Fault":
        code = (asked[0].findtext("faultcode") or "").strip().rpartition(":")[2]
        raise SoapFault(code[:60], "It is a SOAP fault.")
    if len(asked) != 1 or asked[0].tag != f"{{{SERVICE}}}{element}":
        raise NoSoap("Client", f"The SOAP body holds one {element} of the namespace {SERVICE}.")
    held = list(asked[0])
    if len(held) != 1 or held[0].tag != f"{{{SERVICE}}}{payload}" or len(held[0]):
        raise NoSoap("Client", f"{element} holds one {payload}, with the message's XML as its text.")
    return held[0].text or ""


def wrapped(payload: str, operation: Operation, direction: Direction) -> bytes:
    """A message's text in a SOAP envelope.

    Raises:
        ValueError: the text holds what XML cannot carry.
    """
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP, "ws": SERVICE})
    body = etree.SubElement(root, f"{{{SOAP}}}Body")
    element = etree.SubElement(body, f"{{{SERVICE}}}{operation}{direction}")
    etree.SubElement(element, f"{{{SERVICE}}}{_PAYLOADS[direction]}").text = payload
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def fault(problem: NoSoap) -> bytes:
    """A SOAP fault that says what is wrong."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    body = etree.SubElement(root, f"{{{SOAP}}}Body")
    element = etree.SubElement(body, f"{{{SOAP}}}Fault")
    etree.SubElement(element, "faultcode").text = f"soap:{problem.code}"
    etree.SubElement(element, "faultstring").text = str(problem)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
