"""Whole messages as they go over the wire, kept as files: a change of one byte is a change of the protocol.

`python procedures/tests/test_vnsw_messages_golden.py` writes them anew.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree
from nsw_contracts.events import DossierContent
from nsw_procedures.example import example_content
from nsw_procedures.pack import Outgoing
from nsw_procedures.vnsw.answers import Error, Failed, Received, failed, read_answer, received
from nsw_procedures.vnsw.envelope import Envelope, Party, Subject, header_of, parse_envelope, write_envelope
from nsw_procedures.vnsw.hearing import dossier_data, heard
from nsw_procedures.vnsw.plan import outgoing
from nsw_procedures.vnsw.soap import payload_of, wrapped
from nsw_procedures.vnsw.telling import told
from vnsw_dossiers import pack

FOLDER = Path(__file__).parent / "golden_messages"
PACK = pack()
CONTENT = example_content(PACK, PACK.examples[1])
NUMBER = "260000000017"
AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
SENDER = Party("Công ty TNHH Thương mại Ví Dụ", CONTENT.declarant.tax_code, "VN", "", "", None)
WINDOW = Party("Cổng thông tin một cửa quốc gia", "NSW", "VN", "BTC", "TCHQ", "NSW")


def message(one: Outgoing) -> Envelope:
    data = {"number": NUMBER, "reason": "Đổi tàu", "filed_at": "2026-03-02 09:00:00"}
    content = told(outgoing(PACK, one), CONTENT.model_dump(mode="json") | data)
    subject = Subject(PACK.code, one.type, one.function, NUMBER, 2026, "VD-001", 2026, "2026-03-02 09:00:00")
    return Envelope(SENDER, WINDOW, subject, content, "00000000-0000-4000-8000-000000000001", "1.0")


def goldens() -> dict[str, bytes]:
    found = {f"{one.type}-{one.function}": write_envelope(message(one)) for one in PACK.messages.outgoing}
    first = message(PACK.messages.outgoing[0])
    found["99"] = write_envelope(received(first, AT, number=NUMBER))
    errors = [Error("ERR05", "RegistrationProfile/ImporterTel: is missing")]
    found["00"] = write_envelope(failed(header_of(first), AT, errors))
    found["00-to-nobody"] = write_envelope(failed({}, AT, [Error("ERR02", "Envelope: this is not well-formed XML")]))
    found["soap-receiveRequest"] = wrapped(write_envelope(first).decode(), "receive", "Request")
    found["soap-sendToMinistryRequest"] = wrapped(write_envelope(first).decode(), "sendToMinistry", "Request")
    return found


@pytest.mark.parametrize("name", goldens())
def test_a_message_is_written_as_it_always_was(name: str) -> None:
    assert goldens()[name].decode() == (FOLDER / f"{name}.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize("one", PACK.messages.outgoing, ids=lambda one: f"{one.type}-{one.function}")
def test_a_kept_message_is_read_as_what_it_was_written_from(one: Outgoing) -> None:
    envelope = parse_envelope((FOLDER / f"{one.type}-{one.function}.xml").read_bytes())
    assert (envelope.sender, envelope.recipient, envelope.message_id) == (
        SENDER, WINDOW, "00000000-0000-4000-8000-000000000001",
    )  # fmt: skip
    assert envelope.subject == message(one).subject
    said = heard(outgoing(PACK, one), envelope.content)
    assert said.faults == []
    if one.content in ("RegistrationProfile", "RequestEdit"):
        data = dossier_data(PACK, said, CONTENT.declarant.tax_code)
        assert DossierContent.model_validate(data) == CONTENT


def test_kept_answers_are_read() -> None:
    answers = {name: read_answer(parse_envelope((FOLDER / f"{name}.xml").read_bytes())) for name in ("99", "00")}
    assert answers == {
        "99": Received("2026-03-02 09:00:00", NUMBER),
        "00": Failed((Error("ERR05", "RegistrationProfile/ImporterTel: is missing"),)),
    }


def test_an_answer_goes_back_to_the_sender_about_the_same_subject() -> None:
    asked = message(PACK.messages.outgoing[0])
    answer = received(asked, AT, number=NUMBER)
    assert (answer.sender, answer.recipient) == (WINDOW, SENDER)
    assert (answer.subject.document_type, answer.subject.type, answer.subject.function) == (PACK.code, "10", "99")
    assert (answer.subject.reference, answer.subject.pre_reference) == (NUMBER, NUMBER)
    assert answer.message_id == asked.message_id


def test_a_message_comes_whole_out_of_its_soap() -> None:
    text = (FOLDER / "10-01.xml").read_text(encoding="utf-8")
    kept = (FOLDER / "soap-receiveRequest.xml").read_bytes()
    assert payload_of(kept, "receive", "Request") == text
    root = etree.fromstring(kept)
    for node in root.iter():
        if etree.QName(node).localname in ("receiveRequest", "requestPayload"):
            assert etree.QName(node).namespace == "http://com/vnsw/ws/generated"


if __name__ == "__main__":
    for name, body in goldens().items():
        (FOLDER / f"{name}.xml").write_bytes(body)
