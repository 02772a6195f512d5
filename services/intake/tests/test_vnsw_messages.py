"""What a message asks for is what its JSON would ask for; what is wrong has its deployed code and names its element."""

import json
from typing import Any

import pytest
from filing_examples import TODAY, content, example
from nsw_contracts.events import DossierContent
from nsw_contracts.number import dossier_number
from nsw_intake.commands import AmendmentBody, SupplementBody, WithdrawalBody
from nsw_intake.door import submission
from nsw_intake.parsing import filed_now, parse_json, valid_content
from nsw_intake.vnsw_messages import EDIT_REASON, WITHDRAWAL_REASON, Asked, Filed, refusal, understood
from nsw_procedures.vnsw.envelope import MessageRefused, parse_envelope
from nsw_runtime.problems import Problem, unavailable
from vnsw_examples import AQUATIC, MESSAGE_ID, message

NUMBER = dossier_number(2026, 1)
DOSSIER = content(example(AQUATIC))


def asks(body: bytes, **about: Any) -> Any:
    return understood(parse_envelope(body), body, TODAY)


def refused(body: bytes) -> MessageRefused:
    with pytest.raises(MessageRefused) as error:
        asks(body)
    return error.value


def test_a_dossier_in_xml_is_the_submission_its_json_is() -> None:
    found = asks(message(DOSSIER, on=TODAY))
    assert (found.declarant, found.key) == (DOSSIER.declarant.tax_code, MESSAGE_ID)
    assert isinstance(found.asks, Filed)
    same = valid_content(parse_json(DOSSIER.model_dump_json().encode()))
    in_json = submission(same, filed_now(same, TODAY).version, found.key, None)
    assert submission(found.asks.content, found.asks.pack.version, found.key, None) == in_json


@pytest.mark.parametrize(
    ("function", "command", "body"),
    [
        ("10/02", "amendment", AmendmentBody(dossier=DOSSIER, reason=EDIT_REASON)),
        ("10/03", "supplement", SupplementBody(dossier=DOSSIER)),
        ("12/04", "withdrawal", WithdrawalBody(reason=WITHDRAWAL_REASON)),
        ("13/08", "withdrawal", WithdrawalBody(reason="Đổi tàu")),
        ("15/11", "amendment", AmendmentBody(dossier=DOSSIER, reason="Đổi tàu")),
    ],
)
def test_a_command_in_xml_is_the_command_its_json_is(function: str, command: str, body: Any) -> None:
    found = asks(message(DOSSIER, function, number=NUMBER, on=TODAY))
    assert found.asks == Asked(NUMBER, command, body)


def test_without_a_message_id_the_same_bytes_are_the_same_message() -> None:
    body = message(DOSSIER, on=TODAY, message_id=None)
    assert asks(body).key == asks(body).key
    assert asks(body).key.startswith("sha256:")
    other = body.replace(b"VD-2026-001", b"VD-2026-002")
    assert asks(other).key != asks(body).key


def test_the_digest_is_the_same_as_of_the_json_sent_by_hand() -> None:
    by_hand = json.dumps(json.loads(DOSSIER.model_dump_json()), indent=2, ensure_ascii=False).encode()
    found = asks(message(DOSSIER, on=TODAY)).asks
    assert found.content == valid_content(parse_json(by_hand))


# What is replaced in the message, by what; the code; the element.
SPOILED: dict[str, tuple[str, str, str, str]] = {
    "an unknown procedure": (f"{AQUATIC}</doc", "BNNPTNT0600010</doc", "ERR01", "Header/Subject/documentType"),
    "a procedure that takes no XML": (f"{AQUATIC}</doc", "BYTE0500009</doc", "ERR01", "Header/Subject/documentType"),
    "an unknown type": ("<type>10<", "<type>77<", "ERR04", "Header/Subject/type"),
    "an unknown function": ("<function>01<", "<function>99<", "ERR04", "Header/Subject/type"),
    "an agency's own message": ("<type>10</type><function>01<", "<type>11</type><function>05<", "ERR04", "t/type"),
    "another message's content": ("<type>10</type><function>01<", "<type>12</type><function>04<", "ERR05", "Content"),
    "no tax code": ("<identity>0100109106<", "<identity>Công ty<", "ERR00", "Header/From/identity"),
    "a wrong tax code": ("<identity>0100109106<", "<identity>0100109107<", "ERR05", "Header/From/identity"),
    "a message id that is none": (MESSAGE_ID, "mã số 1", "ERR00", "Header/Reference/messageId"),
    "a blank name": ("<ImporterName>Công ty Một<", "<ImporterName> <", "ERR05", "RegistrationProfile/ImporterName"),
    "no e-mail": ("<ImporterEmail>vi-du@example.com</ImporterEmail>", "", "ERR05", "RegistrationProfile/ImporterEmail"),
    "goods of another kind": ("(HS 030632)", "(HS 020130)", "ERR05", "ProductList/Product[1]/ProductBusinessName"),
    "no HS code": (" (HS 030632)", "", "ERR05", "ProductList/Product[1]/ProductBusinessName"),
    "a line number too large": ("<Id>1<", "<Id>1000<", "ERR05", "ProductList/Product[1]/Id"),
    "a quantity of nothing": ("<Quantity>1200<", "<Quantity>0<", "ERR05", "ProductList/Product[1]/Quantity"),
    "a country in words": ("<OriginCountryCode>CA<", "<OriginCountryCode>Canada<", "ERR05", "[1]/OriginCountryCode"),
    "an empty day": (
        "<TimeQuarantineFrom>2026-03-16 00:00:00<", "<TimeQuarantineFrom><", "ERR05", "RegistrationProfile",
    ),
    "a link to elsewhere": ("<LinkFile>/v1/documents/", "<LinkFile>http://x/", "ERR05", "Attachment[1]/LinkFile"),
    "a document of no size": ("size=2000000</LinkFile>", "size=0</LinkFile>", "ERR05", "Attachment[1]/LinkFile"),
    "a needed document is missing": ("kind=invoice&amp;", "kind=other&amp;", "ERR05", "AttachmentList/Attachment"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_wrong_has_its_code_and_names_its_element(name: str) -> None:
    old, new, code, element = SPOILED[name]
    text = message(DOSSIER, on=TODAY).decode()
    assert old in text, text
    error = refused(text.replace(old, new, 1).encode())
    assert error.code == code
    (fault,) = error.faults
    assert fault.path.endswith(element), fault


def test_a_command_names_its_dossier() -> None:
    text = message(DOSSIER, "13/08", number=NUMBER, on=TODAY).decode()
    wrong = refused(text.replace(f"<reference>{NUMBER}", "<reference>260000000018").encode())
    assert (wrong.code, wrong.faults[0].path) == ("ERR00", "Envelope/Header/Subject/reference")
    differs = refused(text.replace(f"<NSWFileCode>{NUMBER}", f"<NSWFileCode>{dossier_number(2026, 2)}").encode())
    assert (differs.code, differs.faults[0].path) == ("ERR05", "RequestCancel/NSWFileCode")


def test_many_faults_are_all_told_up_to_twenty() -> None:
    changed = DOSSIER.model_dump(mode="json")
    changed["consignment"]["goods"] = [changed["consignment"]["goods"][0] | {"line": n} for n in range(1, 31)]
    changed["form"]["products"] = [{"line": n, "size_or_type": "x"} for n in range(1, 31)]
    body = message(DossierContent.model_validate(changed), on=TODAY)
    error = refused(body.replace(b"<Quantity>1200<", b"<Quantity>viel<"))
    assert [fault.path for fault in error.faults] == [
        f"RegistrationProfile/ProductList/Product[{n}]/Quantity" for n in range(1, 21)
    ]


def test_what_is_not_about_the_message_is_no_answer_of_its_kind() -> None:
    said = asks(message(DOSSIER, on=TODAY)).said
    with pytest.raises(Problem) as away:
        refusal(unavailable("x"), said)
    assert away.value.status == 503
