"""E-mail subscriptions of the running system: asked first, then digests, ended in one click, disabled by a bounce."""

import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from nsw_cli.system import OPERATOR
from nsw_contracts.events import NotDelivered, SubscriptionDisabled
from support.businesses import Business, decision, pack_today
from support.certificates import make_certificate
from support.hearing import open_door, stated, subscriptions_url
from support.live import Live
from support.mail import Mail, open_mail
from support.polling import until

LICENCE = "BCT9800001"  # one agency, no inspection
ADDRESS = "xnk@one.example"


@pytest.fixture(scope="module")
async def mail(live: Live, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mail]:
    """A mail server that the notifier knows of, for these tests alone."""
    context, ca = make_certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1")
    async with open_mail(context) as server:
        await live.stop("notifier")
        await live.begin(
            "notifier", NSW_SMTP_HOST="127.0.0.1", NSW_SMTP_PORT=str(server.port), NSW_SMTP_CA_FILE=str(ca),
            NSW_MAIL_WAIT_SECONDS="0.5", NSW_PUBLIC_URL=live.system.services["notifier"],
        )  # fmt: skip
        await live.all_ready()
        yield server
        async with live.owner() as owner:
            await owner.execute("delete from notifier.subscription where kind = 'email'")
        await live.mend()


async def arrived(mail: Mail, subject: str) -> int:
    """The place of the first message with this in its subject."""

    async def found() -> int | None:
        places = [n for n, (_, _, one) in enumerate(mail.came, 1) if subject in str(one["Subject"])]
        return places[0] if places else None

    place: int = await until(found, f"a message about {subject}", seconds=30)
    return place - 1


async def subscribe(live: Live, mail: Mail, business: Business, **wishes: Any) -> tuple[str, str]:
    """Subscribe the mailbox and confirm it; the subscription and its URL."""
    wanted = {"declarant": business.tax_code, "kind": "email", "email": ADDRESS, "language": "en", **wishes}
    status, made = await live.ask_once_registered("POST", subscriptions_url(live), json=wanted)
    assert (status, made["state"]) == (201, "unverified"), made
    assert "secret" not in made
    place = await arrived(mail, "Confirm this address")
    found = re.search(r"http://\S+/v1/confirmations/\S+", mail.text(place))
    assert found is not None
    link = found[0]
    status, page = await live.ask("GET", link)
    assert (status, "<form" in page) == (200, True)
    url = f"{subscriptions_url(live)}/{made['id']}"
    assert (await live.ask("GET", url))[1]["state"] == "unverified", "opening the link does nothing yet"
    assert (await live.ask("POST", link))[0] == 200
    assert (await live.ask("GET", url))[1]["state"] == "active"
    mail.came.clear()
    return made["id"], url


async def test_a_mailbox_is_asked_then_told_in_one_digest_and_leaves_in_one_click(live: Live, mail: Mail) -> None:
    business = Business(live)
    subscription, url = await subscribe(live, mail, business, events="all")
    await business.agencies_answer({"BCT submitted": [decision("accepted"), decision("result-issued")]})
    number = await business.file(business.dossier(pack_today(LICENCE)))
    place = await arrived(mail, number)
    text = mail.text(place)
    assert "The agency has taken the dossier in." in text
    assert "The licence or certificate was issued." in text
    await live.drained()
    assert len(mail.came) == 1, "both events in one message"
    async with live.owner() as owner:
        rows = await owner.fetch(
            "select convert_from(value, 'utf8')::json as fact from notifier.journal where key = $1", number
        )
    assert len([row for row in rows if '"channel":"email"' in row["fact"]]) == 2
    _, log = await live.ask("GET", f"{url}/deliveries")
    assert [(one["answer"], one["events"]) for one in log["deliveries"]] == [(250, 2)]
    link = str(mail.came[0][2]["List-Unsubscribe"]).strip("<>")
    assert (await live.ask("GET", link))[0] == 200
    assert (await live.ask("GET", url))[0] == 200, "opening the link does nothing yet"
    status, _ = await live.ask("POST", link, data=aiohttp.FormData({"List-Unsubscribe": "One-Click"}))
    assert (status, (await live.ask("GET", url))[0]) == (200, 404)
    assert (await live.ask("POST", link))[0] == 200, "twice is as good as once"
    assert subscription not in str(
        (await live.ask("GET", f"{subscriptions_url(live)}?declarant={business.tax_code}"))[1]
    )


async def test_the_owner_of_an_endpoint_that_is_gone_hears_by_email(live: Live, mail: Mail) -> None:
    business = Business(live)
    _, url = await subscribe(live, mail, business, types=["overdue"])
    async with open_door(live) as door:
        await door.subscribe(business.tax_code)
        door.usual = 410
        await business.agencies_answer({"BCT submitted": [decision("accepted")]})
        await business.file(business.dossier(pack_today(LICENCE)))
        place = await arrived(mail, "A subscription was disabled")
        assert door.url in mail.text(place)
    await live.ask("DELETE", url)


async def test_a_message_that_comes_back_disables_its_mailbox(live: Live, mail: Mail) -> None:
    business = Business(live)
    subscription, url = await subscribe(live, mail, business, events="all")
    await business.agencies_answer({"BCT submitted": [decision("accepted")]})
    number = await business.file(business.dossier(pack_today(LICENCE)))
    sent_by = mail.came[await arrived(mail, number)][0]
    report = (
        f"To: {sent_by}\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; one.example\r\n\r\n"
        "Final-Recipient: rfc822; xnk@one.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
    )
    bounces = f"{live.system.services['notifier']}/v1/bounces"
    assert (await live.ask("POST", bounces, data=report))[0] == 403, "bounces are the operator's"
    status, problem = await live.ask("POST", bounces, caller=OPERATOR, data=report.replace("+sub_", "+sub_0"))
    assert (status, problem["type"]) == (422, "urn:nsw:problem:no-report")
    assert (await live.ask("POST", bounces, caller=OPERATOR, data=report))[0] == 200
    _, shown = await live.ask("GET", url)
    assert (shown["state"], "5.1.1" in shown["note"]) == ("disabled", True)
    returned, disabled = await stated(live, subscription)
    assert isinstance(returned, NotDelivered)
    assert (returned.channel, returned.came_back, "5.1.1" in returned.reason) == ("email", True, True)
    assert isinstance(disabled, SubscriptionDisabled)
    await live.ask("DELETE", url)


async def test_a_mailbox_is_not_filled_with_questions(live: Live, mail: Mail) -> None:
    wanted = {"declarant": Business(live).tax_code, "kind": "email", "email": "other@one.example"}
    _, made = await live.ask_once_registered("POST", subscriptions_url(live), json=wanted)
    url = f"{subscriptions_url(live)}/{made['id']}"
    await arrived(mail, "Xác nhận")
    assert (await live.ask("POST", f"{url}/verify"))[0] == 202
    status, problem = await live.ask("POST", f"{url}/verify")
    assert (status, problem["type"]) == (429, "urn:nsw:problem:asked-lately")
    await live.ask("DELETE", url)


async def test_links_that_nobody_gave_do_nothing(live: Live, mail: Mail) -> None:
    base = live.system.services["notifier"]
    for path in ("confirmations/sub_0123456789abcdef.0123456789abcdef0123456789abcdef", "confirmations/x"):
        assert (await live.ask("POST", f"{base}/v1/{path}"))[0] == 404
    assert (await live.ask("POST", f"{base}/v1/unsubscribe/x"))[0] == 200
