"""A ministry's gateway that does as little as one can: it takes a SOAP message and answers 99 about its dossier.

`python -m nsw_benchmarks.soap_gateway PORT`. It checks nothing, so that what is measured against it is the other side.
"""

import re
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import uvicorn

Scope = MutableMapping[str, Any]
_REFERENCE: Final = re.compile(rb"&lt;reference&gt;([0-9]{12})&lt;")
_PARTY: Final = "<name>x</name><identity/><countryCode>VN</countryCode><ministryCode/><organizationCode/>"
_ANSWER: Final = (
    f"<Envelope><Header><From>{_PARTY}</From><To>{_PARTY}</To><Subject><documentType>BNNPTNT0600009</documentType>"
    "<type>10</type><function>99</function><reference>NUMBER</reference><documentYear>2026</documentYear>"
    "<preReference>NUMBER</preReference><preDocumentYear>2026</preDocumentYear><sendDate>2026-03-02 10:00:00</sendDate>"
    "</Subject></Header><Body><Content><ReceiveDate>2026-03-02 10:00:00</ReceiveDate></Content></Body></Envelope>"
)
_SOAP: Final = (
    '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><sendToMinistryResponse '
    f'xmlns="http://com/vnsw/ws/generated"><responsePayload>{_ANSWER.replace("<", "&lt;").replace(">", "&gt;")}'
    "</responsePayload></sendToMinistryResponse></S:Body></S:Envelope>"
).encode()


async def gateway(
    scope: Scope, receive: Callable[[], Awaitable[Scope]], send: Callable[[Scope], Awaitable[None]]
) -> None:
    """The whole of it, as an ASGI application."""
    if scope["type"] != "http":
        return
    parts = []
    while True:
        event = await receive()
        parts.append(event.get("body", b""))
        if not event.get("more_body"):
            break
    found = _REFERENCE.search(b"".join(parts))
    body = _SOAP.replace(b"NUMBER", found[1] if found is not None else b"-")
    headers = [(b"content-type", b"text/xml; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(
        gateway, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", lifespan="off",
        log_level="warning", access_log=False,
    )  # fmt: skip
