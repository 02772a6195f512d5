"""E-mails to a real mail server over TLS: digests in both languages, links, refusals, and what bounces."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nsw_contracts.events import SUBSCRIPTION_DISABLED, Notified
from nsw_notifier import bounces, links
from nsw_notifier.email_sender import EmailSender
from nsw_notifier.letters import Letters, page
from nsw_notifier.mail_connections import AT_ONCE
from nsw_notifier.mailer import Bounced, Mailer, NotPosted, Outcome, Posted
from nsw_notifier.outcome import Group
from nsw_notifier.settings import NotifierSettings
from nsw_notifier.subscription import Subscription, new_secret
from nsw_notifier.webhook import control_json, event_json
from nsw_runtime.intents import Pending
from nsw_runtime.sender import Done, Held, Retry
from pydantic import SecretStr
from support.certificates import make_certificate
from support.mail import Mail, open_mail

AT = datetime(2026, 3, 12, 10, tzinfo=UTC)
TO = Subscription("sub_0123456789abcdef", "0100109106", "email", "xnk@one.example", language="en", secret=new_secret())


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return make_certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@pytest.fixture
async def mail(tls: Any) -> AsyncIterator[Mail]:
    async with open_mail(tls[0]) as server:
        yield server


def told_of(mail: Mail, ca: Path | None, **told: Any) -> NotifierSettings:
    return NotifierSettings(database_url="-", kafka_bootstrap_servers="-").model_copy(
        update={
            "smtp_host": "127.0.0.1",
            "smtp_port": mail.port,
            "smtp_ca_file": ca,
            "mail_from": "no-reply@window.example",
            "mail_bounces": "bounces@window.example",
            "public_url": "https://window.example/",
            **told,
        }
    )


def sender(mail: Mail, ca: Path | None, **told: Any) -> EmailSender:
    settings = told_of(mail, ca, **told)
    return EmailSender(
        settings=settings, mailer=Mailer(settings), letters=Letters(settings, lambda: AT), clock=lambda: AT
    )


def pending(which: int, dossier: int, attempts: int = 0, **data: Any) -> Pending:
    known = {
        "number": f"{dossier:012d}", "declarant": TO.declarant, "revision": which, "procedure": "BYTE0600001",
        "status": "accepted", "what": "accepted", "agency": "BYTE",
    }  # fmt: skip
    fact = json.dumps(known | data).encode()
    body = event_json(f"event{which}", "vn.nsw.dossier.status-changed.v1", AT + timedelta(minutes=which), fact)
    return Pending(TO.id, which, f"{which:032x}", f"{dossier:012d}", body, None, attempts, AT)


async def send(mail: Mail, tls: Any, events: Sequence[Pending], to: Subscription = TO, **told: Any) -> Group:
    return await sender(mail, tls[1], **told).send(to, events)


ASKS = {
    "status": "supplement_requested", "what": "supplement-requested", "answer_by": "2026-03-20T10:00:00Z",
    "reason": "Ông Nguyễn Văn An chưa ký",
}  # fmt: skip


async def test_events_that_come_together_are_one_digest_and_a_fact_each(mail: Mail, tls: Any) -> None:
    group = await send(mail, tls, [pending(1, 7), pending(2, 8), pending(3, 7, **ASKS)])
    ((sent_by, recipients, message),) = mail.came
    assert recipients == ["xnk@one.example"]
    assert message["Subject"] == "News of 2 dossiers"
    assert sent_by == f"bounces+{links.token('bounce', TO)}@window.example"
    text = mail.text()
    assert text.index("Dossier 000000000007") < text.index("Dossier 000000000008")
    assert "The agency asks the business to amend or add to the dossier." in text
    assert "Do so by 17:00 on 20 March 2026 (Vietnam time)." in text
    assert "17:01 on 12 March 2026" in text
    facts = [Notified.model_validate_json(one.facts[0].value) for one in group.attempts if isinstance(one, Done)]
    assert [(fact.channel, fact.event_id, fact.answer) for fact in facts] == [
        ("email", "event1", 250), ("email", "event2", 250), ("email", "event3", 250),
    ]  # fmt: skip
    (row,) = group.deliveries
    assert (row.answer, row.events, row.error) == (250, 3, "")


async def test_it_is_in_the_subscriptions_language_as_text_and_as_html(mail: Mail, tls: Any) -> None:
    await send(mail, tls, [pending(3, 7, **ASKS)], TO._replace(language="vi"))
    message = mail.came[0][2]
    assert message["Subject"] == "Hồ sơ 000000000007 có diễn biến mới"
    assert message["Content-Language"] == "vi"
    assert "Cơ quan xử lý yêu cầu doanh nghiệp sửa đổi, bổ sung hồ sơ." in mail.text()
    assert "<strong>Việc cần làm:</strong> Hãy xem nội dung yêu cầu và bổ sung hồ sơ." in mail.text(kind="html")
    assert "Thời hạn: 17:00 ngày 20/03/2026 (giờ Việt Nam)." in mail.text(kind="html")


async def test_no_personal_data_leaves_but_the_address(mail: Mail, tls: Any) -> None:
    await send(mail, tls, [pending(3, 7, **ASKS)])
    for kind in ("plain", "html"):
        assert "Nguyễn" not in mail.text(kind=kind), "reasons stay in the window"


async def test_what_agencies_write_is_text_and_no_markup(mail: Mail, tls: Any) -> None:
    result = {"status": "result_issued", "what": "result-issued", "certificate_number": "<script>x</script>"}
    await send(mail, tls, [pending(1, 7, **result)])
    assert "<script>" not in mail.text(kind="html")
    assert "&lt;script&gt;" in mail.text(kind="html")


async def test_a_message_says_how_to_end_them_in_one_click(mail: Mail, tls: Any) -> None:
    await send(mail, tls, [pending(1, 7)])
    message = mail.came[0][2]
    link = f"https://window.example/v1/unsubscribe/{links.token('unsubscribe', TO)}"
    assert message["List-Unsubscribe"] == f"<{link}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in mail.text()
    assert message["Auto-Submitted"] == "auto-generated"


async def test_a_message_sent_again_has_the_same_id(mail: Mail, tls: Any) -> None:
    for _ in range(2):
        await send(mail, tls, [pending(1, 7), pending(2, 8)])
    await send(mail, tls, [pending(1, 7)])
    first, again, other = [message["Message-ID"] for _, _, message in mail.came]
    assert first == again != other


async def test_the_owner_of_a_dead_endpoint_is_told(mail: Mail, tls: Any) -> None:
    said = {"subscription": "sub_1", "address": "https://dead.example/", "why": "it answered 410"}
    notice = Pending(TO.id, 9, "f" * 32, "", control_json(SUBSCRIPTION_DISABLED, AT, said), None, 0, AT)
    group = await send(mail, tls, [notice])
    assert mail.came[0][2]["Subject"] == "A subscription was disabled"
    assert "https://dead.example/" in mail.text()
    assert group.attempts == [Done([])], "it is about no dossier"


async def test_a_mailbox_that_is_refused_for_good_is_disabled_and_nothing_is_lost(mail: Mail, tls: Any) -> None:
    mail.refuses = ["550 no such user"]
    group = await send(mail, tls, [pending(1, 7), pending(2, 7)])
    assert (group.turn, group.why) == ("dead", "the mailbox was refused with 550")
    assert [type(one) for one in group.attempts] == [Retry, Held]
    assert [(row.answer, row.body) for row in group.deliveries] == [(550, None)]


async def test_a_mailbox_that_is_full_is_tried_again(mail: Mail, tls: Any) -> None:
    mail.refuses = ["452 full", "452 full"]
    group = await send(mail, tls, [pending(1, 7)])
    assert (group.turn, type(group.attempts[0])) == ("failing", Retry)
    late = await send(mail, tls, [pending(1, 7)], TO._replace(failing_since=AT - timedelta(days=6)))
    assert late.turn == "dead"


async def test_a_mail_server_that_is_away_is_nobodys_fault(mail: Mail, tls: Any) -> None:
    mail.after_data = ["451 later"]
    busy = await send(mail, tls, [pending(1, 7)], TO._replace(failing_since=AT - timedelta(days=9)))
    assert (busy.turn, type(busy.attempts[0])) == (None, Retry)
    away = await sender(Mail(port=1), tls[1]).send(TO, [pending(1, 7)])
    assert (away.turn, type(away.attempts[0])) == (None, Retry)


async def test_a_mail_server_whose_certificate_is_not_trusted_gets_nothing(mail: Mail) -> None:
    group = await sender(mail, None).send(TO, [pending(1, 7)])
    assert isinstance(group.attempts[0], Retry)
    assert mail.came == []


async def test_starttls_and_a_login(tls: Any) -> None:
    async with open_mail(tls[0], starttls=True, auth_required=True) as server:
        told = {
            "smtp_security": "starttls", "smtp_username": "window", "smtp_password": SecretStr("secret"),
        }  # fmt: skip
        group = await send(server, tls, [pending(1, 7)], **told)
        assert isinstance(group.attempts[0], Done)
        assert server.logins == ["window"]
        assert len(server.came) == 1
        wrong = await send(server, tls, [pending(1, 7)], **(told | {"smtp_password": SecretStr("wrong")}))
        assert (wrong.turn, wrong.deliveries[0].error) == (None, "the mail server answered 535")
        assert server.goodbyes == 1, "a connection that could not log in carries nothing"


async def test_a_mail_server_without_tls_gets_nothing_where_starttls_is_asked_for(tls: Any) -> None:
    async with open_mail(tls[0], starttls=True) as server:
        group = await send(server, tls, [pending(1, 7)], smtp_security="tls")
        assert isinstance(group.attempts[0], Retry)
        assert server.came == []


async def send_many(mail: Mail, tls: Any, count: int) -> list[Outcome]:
    """So many messages, due together."""
    settings = told_of(mail, tls[1])
    mailer, letters = Mailer(settings), Letters(settings, lambda: AT)
    boxes = [TO._replace(address=f"box{number}@one.example") for number in range(count)]
    return await asyncio.gather(
        *(mailer.send(box, letters.digest(box, [pending(1, 7).body], box.address)) for box in boxes)
    )


def came_to(mail: Mail) -> list[str]:
    return sorted(recipients[0] for _, recipients, _ in mail.came)


async def test_messages_that_are_due_together_share_connections_which_then_end(mail: Mail, tls: Any) -> None:
    said = await send_many(mail, tls, 40)
    assert all(isinstance(one, Posted) for one in said)
    assert came_to(mail) == sorted(f"box{number}@one.example" for number in range(40))
    assert mail.connections <= AT_ONCE
    assert mail.goodbyes == mail.connections


@pytest.mark.parametrize("rude", [False, True], ids=["says 421", "closes"])
async def test_a_connection_that_has_carried_enough_is_replaced(mail: Mail, tls: Any, *, rude: bool) -> None:
    mail.most, mail.rude = 2, rude
    said = await send_many(mail, tls, 40)
    assert all(isinstance(one, Posted) for one in said)
    assert came_to(mail) == sorted(f"box{number}@one.example" for number in range(40))
    assert mail.connections >= 20


async def test_what_is_said_of_one_mailbox_is_said_of_no_other(mail: Mail, tls: Any) -> None:
    mail.refuses = ["550 no such user", "452 full", "421 going down"]
    said = await send_many(mail, tls, 40)
    refused = [one for one in said if not isinstance(one, Posted)]
    assert sorted((type(one), one.code) for one in refused if isinstance(one, Bounced)) == [(Bounced, 550)]
    assert [(one.code, one.mailbox) for one in refused if isinstance(one, NotPosted) and one.mailbox] == [(452, True)]
    assert len(mail.came) == 40 - len(refused)
    assert all(one.code == 421 for one in refused[2:]), "a server that goes down has nothing against the mailbox"


async def test_a_message_is_not_tried_without_end(mail: Mail, tls: Any) -> None:
    mail.most = 0
    (said,) = await send_many(mail, tls, 1)
    assert isinstance(said, NotPosted)
    assert (said.code, said.mailbox, mail.connections) == (421, False, 1)


async def test_a_mailbox_is_asked_first(mail: Mail, tls: Any) -> None:
    asked = Pending(f"verify/{TO.id}", 1, "a" * 32, "", b"{}", None, 0, AT)
    group = await sender(mail, tls[1]).ask(TO._replace(state="unverified"), [asked])
    assert (group.attempts, group.turn) == ([Done(())], None), "it is verified when somebody says so"
    assert f"https://window.example/v1/confirmations/{links.token('confirm', TO)}" in mail.text()
    assert "List-Unsubscribe" not in mail.came[0][2]


def test_a_link_is_for_one_subscription_one_purpose_and_one_address() -> None:
    token = links.token("confirm", TO)
    assert links.named(f"x/{token}") == TO.id
    assert links.fits(token, "confirm", TO)
    assert not links.fits(token, "unsubscribe", TO)
    assert not links.fits(token, "confirm", TO._replace(address="other@one.example"))
    assert not links.fits(token, "confirm", TO._replace(secret=new_secret()))
    assert not links.fits(token[:-1] + ("0" if token[-1] != "0" else "1"), "confirm", TO)
    assert links.named("sub_1.2") is None


def test_pages_ask_before_they_do() -> None:
    for text in ("confirm_page", "unsubscribe_page"):
        assert '<form method="post">' in page(text, "0100109106")
    for text in ("confirmed_page", "unsubscribed_page", "gone_page"):
        assert "<form" not in page(text, "0100109106")


def report(action: str, status: str, to: str = "") -> bytes:
    address = to or f"bounces+{links.token('bounce', TO)}@window.example"
    return (
        f"From: MAILER-DAEMON@one.example\r\nTo: {address}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt did not work.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; one.example\r\n\r\n"
        f"Final-Recipient: rfc822; xnk@one.example\r\nAction: {action}\r\nStatus: {status}\r\n\r\n--b--\r\n"
    ).encode()


def test_a_report_says_whose_message_came_back_and_whether_for_good() -> None:
    found = bounces.read_report(report("failed", "5.1.1"))
    assert found is not None
    assert links.fits(found.token, "bounce", TO)
    assert (found.failed, found.status) == (True, "5.1.1")
    delayed = bounces.read_report(report("delayed", "4.4.1"))
    assert delayed is not None
    assert not delayed.failed


@pytest.mark.parametrize("wrong", [b"", b"To: someone\r\n\r\nhello", report("failed", "5.1.1", "x@window.example")])
def test_what_is_no_report_of_ours(wrong: bytes) -> None:
    assert bounces.read_report(wrong) is None
