"""A business's own webhook door on loopback, which answers challenges, keeps what comes, and answers as it is told."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from nsw_contracts.events import FACTS, NOT_DELIVERED, SUBSCRIPTION_DISABLED, SubscriptionFact
from nsw_contracts.topics import NOTIFICATIONS
from standardwebhooks import Webhook

from support.live import Live
from support.polling import until

CHALLENGE = "vn.nsw.subscription.challenge.v1"
BATCH = "vn.nsw.dossier.batch.v1"


@dataclass
class Door:
    """`came`: headers (lower case) and bodies, challenges apart. `answers`: the next statuses, then `usual`."""

    live: Live
    url: str = ""
    came: list[tuple[dict[str, str], str]] = field(default_factory=list)
    challenges: list[tuple[dict[str, str], str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    usual: int = 200
    echoes: bool = True

    async def hear(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        text = await request.text()
        said = json.loads(text)
        if said["type"] == CHALLENGE:
            self.challenges.append((headers, text))
            return web.json_response({"challenge": said["data"]["challenge"] if self.echoes else "no"})
        self.came.append((headers, text))
        return web.Response(status=self.answers.pop(0) if self.answers else self.usual)

    async def subscribe(self, declarant: str, **wishes: Any) -> dict[str, Any]:
        """Subscribe this door, and wait until the window has verified it."""
        made = await self.ask_for(declarant, **wishes)
        await until(lambda: self.state(made["id"], "active"), "the challenge to be answered")
        return made

    async def ask_for(self, declarant: str, **wishes: Any) -> dict[str, Any]:
        """Subscribe this door; the subscription with its secret."""
        wanted = {"declarant": declarant, "url": self.url, **wishes}
        status, made = await self.live.ask_once_registered("POST", subscriptions_url(self.live), json=wanted)
        assert status == 201, made
        found: dict[str, Any] = made
        return found

    async def state(self, subscription: str, wanted: str) -> bool:
        """Whether a subscription is in this state."""
        _, shown = await self.live.ask("GET", f"{subscriptions_url(self.live)}/{subscription}")
        return bool(shown["state"] == wanted)

    def events(self, secrets: Sequence[str], dossier: str = "") -> list[dict[str, Any]]:
        """The events that came, each request verified by one of these secrets, in order."""
        found: list[dict[str, Any]] = []
        for headers, body in self.came:
            content = verified(secrets, headers, body)
            found += content["data"]["events"] if content["type"] == BATCH else [content]
        return [event for event in found if not dossier or event["data"]["number"] == dossier]


def verified(secrets: Sequence[str], headers: dict[str, str], body: str) -> Any:
    """The content, as the standard's own library reads it with any of these secrets."""
    for secret in secrets[:-1]:
        try:
            return Webhook(secret).verify(body, headers)
        except Exception:  # noqa: BLE001  # the last one decides
            continue
    return Webhook(secrets[-1]).verify(body, headers)


def subscriptions_url(live: Live) -> str:
    """Where subscriptions are."""
    return f"{live.system.services['notifier']}/v1/subscriptions"


@asynccontextmanager
async def open_door(live: Live) -> AsyncIterator[Door]:
    """A door; in the end its subscriptions are removed."""
    door = Door(live)
    app = web.Application()
    app.router.add_post("/hook", door.hear)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    door.url = "http://{}:{}/hook".format(*runner.addresses[0][:2])
    try:
        yield door
    finally:
        async with live.owner() as owner:
            for row in await owner.fetch("select id from notifier.subscription where address = $1", door.url):
                await live.ask("DELETE", f"{subscriptions_url(live)}/{row['id']}")
        await runner.cleanup()


async def stated(live: Live, subscription: str) -> list[SubscriptionFact]:
    """What the notifier has stated of a subscription, in order."""
    async with live.owner() as owner:
        rows = await owner.fetch(
            "select type, value from notifier.journal where topic = $1 and type = any($2) order by partition, position",
            NOTIFICATIONS.name, [NOT_DELIVERED, SUBSCRIPTION_DISABLED],
        )  # fmt: skip
    facts = [FACTS[row["type"]].model_validate_json(row["value"]) for row in rows]
    return [fact for fact in facts if isinstance(fact, SubscriptionFact) and fact.subscription == subscription]
