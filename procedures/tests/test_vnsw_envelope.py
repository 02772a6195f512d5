"""An envelope is taken whole or refused with the deployed error code and the path of each element that is wrong."""

from pathlib import Path

import pytest
from nsw_procedures.vnsw.answers import failed, read_answer
from nsw_procedures.vnsw.envelope import MessageRefused, parse_envelope, write_envelope
from nsw_procedures.vnsw.soap import NoSoap, payload_of
from test_vnsw_messages_golden import AT

FOLDER = Path(__file__).parent / "golden_messages"
KEPT = (FOLDER / "12-04.xml").read_text(encoding="utf-8")
SOAP = (FOLDER / "soap-receiveRequest.xml").read_text(encoding="utf-8")
NAMED = "<documentType>BNNPTNT0600009</documentType>"

SPOILED = {
    # what is sent: (what is replaced, by what, the code, the element)
    "no procedure": (NAMED, "", "ERR03", "Header/Subject/documentType"),
    "a blank procedure": (NAMED, "<documentType> </documentType>", "ERR03", "Header/Subject/documentType"),
    "an empty procedure": (NAMED, "<documentType/>", "ERR03", "Header/Subject/documentType"),
    "a long type": ("<type>12</type>", "<type>1200</type>", "ERR00", "Header/Subject/type"),
    "no sender": ("<From>", "<Form>", "ERR02", "Envelope"),
    "a sender without a name": (
        "<From><name>Công ty TNHH Thương mại Ví Dụ</name>", "<From>", "ERR00", "Header/From/name",
    ),
    "a blank reference": (
        "<reference>260000000017</reference>", "<reference> </reference>", "ERR00", "Header/Subject/reference",
    ),
    "a long message id": ("<messageId>0", "<messageId>00", "ERR00", "Header/Reference/messageId"),
    "a year in words": ("<documentYear>2026", "<documentYear>MMXXVI", "ERR00", "Header/Subject/documentYear"),
    "a year too large": ("<documentYear>2026", "<documentYear>99999", "ERR00", "Header/Subject/documentYear"),
    "a date of its own": ("<sendDate>2026-03-02 09", "<sendDate>2026-03-02T09", "ERR00", "Subject/sendDate"),
    "a day that is none": ("<sendDate>2026-03-02", "<sendDate>2026-02-30", "ERR00", "Subject/sendDate"),
    "an unknown element": ("<Subject>", "<Subject><priority>1</priority>", "ERR00", "Header/Subject"),
    "an order of its own": (
        "<type>12</type><function>04</function>", "<function>04</function><type>12</type>", "ERR00", "Header/Subject",
    ),
    "the same twice": ("<type>12</type>", "<type>12</type><type>12</type>", "ERR00", "Header/Subject/type"),
    "an attribute": ("<type>", "<type lang='vi'>", "ERR00", "Header/Subject/type"),
    "an element in a text": ("<type>12</type>", "<type>1<b/>2</type>", "ERR00", "Header/Subject/type"),
    "text between elements": ("<Subject>", "<Subject>x", "ERR00", "Header/Subject"),
    "a namespace": ("<Envelope>", "<Envelope xmlns='urn:x'>", "ERR00", "Envelope"),
    "another root": ("Envelope>", "Umschlag>", "ERR00", "Envelope"),
    "no content": ("Content>", "Inhalt>", "ERR05", "Body"),
    "no XML": ("<Header>", "Header>", "ERR02", "Envelope"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_envelope_is_refused_with_its_code_and_element(name: str) -> None:
    old, new, code, element = SPOILED[name]
    assert old in KEPT
    with pytest.raises(MessageRefused) as refused:
        parse_envelope(KEPT.replace(old, new).encode())
    assert refused.value.code == code
    assert any(fault.path.endswith(element) for fault in refused.value.faults), refused.value.faults


@pytest.mark.parametrize("content", ["", "<A/><B/>"])
def test_a_body_holds_one_content(content: str) -> None:
    head, _, rest = KEPT.partition("<Content>")
    body = f"{head}<Content>{content}</Content>{rest.partition('</Content>')[2]}"
    with pytest.raises(MessageRefused, match="ERR05"):
        parse_envelope(body.encode())


@pytest.mark.parametrize("name", SPOILED)
def test_the_answer_to_a_spoiled_envelope_is_an_envelope_that_can_be_read(name: str) -> None:
    old, new, _, _ = SPOILED[name]
    with pytest.raises(MessageRefused) as refused:
        parse_envelope(KEPT.replace(old, new).encode())
    answer = write_envelope(failed(refused.value.header, AT, []))
    assert parse_envelope(answer).subject.function == "00"


@pytest.mark.parametrize("spoil", ["<ReceiveDate>gestern</ReceiveDate>", "<ErrorList/>", "<Other/>"])
def test_an_answer_that_is_none_is_not_believed(spoil: str) -> None:
    kept = (FOLDER / "99.xml").read_text(encoding="utf-8")
    head, _, rest = kept.partition("<ReceiveDate>")
    with pytest.raises(MessageRefused, match="ERR05"):
        read_answer(parse_envelope(f"{head}{spoil}{rest.partition('</ReceiveDate>')[2]}".encode()))


NO_SOAP = {
    "no XML": ("<", "{", "Client"),
    "the message alone": (SOAP, KEPT, "Client"),
    "SOAP 1.2": (
        "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope", "VersionMismatch",
    ),
    "another operation": ("receiveRequest", "sendToMinistryRequest", "Client"),
    "another namespace": ("http://com/vnsw/ws/generated", "http://com/vnsw/ws", "Client"),
    "an unqualified payload": ("ws:requestPayload", "requestPayload", "Client"),
    "no payload": ("ws:requestPayload", "ws:payload", "Client"),
    "a header that must be understood": (
        "<soap:Body>", "<soap:Header><x soap:mustUnderstand='1'/></soap:Header><soap:Body>", "MustUnderstand",
    ),
    "two bodies": ("<soap:Body>", "<soap:Body/><soap:Body>", "Client"),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_SOAP)
def test_what_is_no_request_of_this_service_is_a_fault(name: str) -> None:
    old, new, code = NO_SOAP[name]
    assert old in SOAP
    with pytest.raises(NoSoap) as refused:
        payload_of(SOAP.replace(old, new).encode(), "receive", "Request")
    assert refused.value.code == code


@pytest.mark.parametrize("wrap", ["<![CDATA[{}]]>", "{}"])
def test_a_payload_may_be_cdata_or_escaped(wrap: str) -> None:
    inner = "<?xml version='1.0' encoding='UTF-8'?><Envelope>ế</Envelope>"
    text = inner if "CDATA" in wrap else inner.replace("<", "&lt;")
    head, _, rest = SOAP.partition("<ws:requestPayload>")
    body = (
        f"{head}<ws:requestPayload>{wrap.format(text)}</ws:requestPayload>{rest.partition('</ws:requestPayload>')[2]}"
    )
    assert payload_of(body.encode(), "receive", "Request") == inner
