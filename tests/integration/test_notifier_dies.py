"""SIGKILL of the notifier in the middle of a send: nothing is lost, and what goes again has the same id."""

import signal
from typing import Any

from nsw_contracts.topics import Service
from support.businesses import Business, decision, pack_today
from support.hearing import open_door, subscriptions_url
from support.live import Live
from support.polling import until

LICENCE = "BCT9800001"  # one agency, no inspection
NOTIFIER: Service = "notifier"


async def test_a_webhook_whose_answer_was_not_noted_goes_again_with_its_id(live: Live) -> None:
    business = Business(live)
    async with open_door(live) as door:
        made = await door.subscribe(business.tax_code)
        await live.drained()
        await live.stop(NOTIFIER)
        await live.begin(NOTIFIER, restart=False, NSW_CRASH_AT="sender.request.after")
        await business.agencies_answer({"BCT submitted": [decision("accepted"), decision("result-issued")]})
        number = await business.file(business.dossier(pack_today(LICENCE)))
        assert await live.died(NOTIFIER) == -signal.SIGKILL
        before = [event["id"] for event in door.events([made["secret"]], number)]
        assert before, "it was sent, and died before that was noted"
        await live.begin(NOTIFIER)
        await live.ready(NOTIFIER)

        async def again() -> list[Any]:
            found = door.events([made["secret"]], number)
            return found if len({event["id"] for event in found}) == 2 and len(found) > len(before) else []

        events = await until(again, "everything to come, and the first again", seconds=30)
        await live.drained()
        events = door.events([made["secret"]], number)
        assert [event["id"] for event in events][: len(before)] == before
        assert events[len(before)]["id"] == before[0], "the same webhook once more"
        revisions = [event["data"]["revision"] for event in events]
        assert revisions[len(before) :] == [1, 2], "in order"
        async with live.owner() as owner:
            told = await owner.fetchval(
                "select count(*) from notifier.journal where key = $1 and topic = 'nsw.notifications.v1'", number
            )
        assert told == 2, "each is a fact once"
        _, log = await live.ask("GET", f"{subscriptions_url(live)}/{made['id']}/deliveries")
        assert [one["status"] for one in log["deliveries"]] == ["delivered"] * 2
