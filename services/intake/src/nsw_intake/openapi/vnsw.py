"""The operations that take the window's XML messages, plain and in SOAP."""

from typing import Any, Final

from nsw_intake.openapi import examples
from nsw_intake.openapi.operation import SIGNATURE, TRACEPARENT, Answer, Body, Operation
from nsw_intake.vnsw_routes import TEXT_XML, XML

_MESSAGE: Final[dict[str, Any]] = {
    "type": "string",
    "description": "An Envelope. Functions, elements and ERR codes stand in docs/architecture/vnsw.md.",
}
_SOAP: Final[dict[str, Any]] = {"type": "string", "description": "A SOAP 1.1 Envelope."}


def operations() -> list[Operation]:
    """The operations."""
    return [
        Operation(
            "POST", "/v1/vnsw", "sendMessage", "messages", "declarant", "Send a message of the window's XML protocol",
            {200: Answer("A message: function 99, it is stored, or 00 and why it is not.", _MESSAGE, media=XML)},
            says="Makes the same facts as JSON does. Signed by the header, or within (XMLDSig, XAdES).",
            parameters=(SIGNATURE, TRACEPARENT),
            body=Body(_MESSAGE, media=(XML, TEXT_XML), examples={"a dossier": {"value": examples.xml()}}),
        ),
        Operation(
            "POST", "/v1/vnsw/soap", "receiveRequest", "messages", "declarant", "The same in SOAP 1.1",
            {
                200: Answer("`receiveResponse`, with a message.", _SOAP, media=TEXT_XML),
                500: Answer("A SOAP fault: what came is no `receiveRequest`.", _SOAP, media=TEXT_XML),
            },
            parameters=(SIGNATURE, TRACEPARENT),
            body=Body(_SOAP, media=(TEXT_XML, XML), examples={"a dossier": {"value": examples.soap()}}),
        ),
    ]  # fmt: skip
