"""A simulator as a test talks to it, and the dossiers it is told of."""

import json
from itertools import count
from typing import Any

import aiohttp
from nsw_benchmarks.businesses import businesses
from nsw_benchmarks.stories import Mix, outcome, story

TAX_CODE, SMALL = (business.tax_code for business in businesses(1, 2))


def number_of(*steps: str, mix: Mix = "plain", found: str = "") -> str:
    """A number whose story goes by these steps, with this outcome where it matters."""
    numbers = (f"26{serial:010d}" for serial in count())
    return next(
        n for n in numbers
        if tuple(change.what for change in story(n, TAX_CODE, mix).changes) == steps and found in (outcome(n), "")
    )  # fmt: skip


class Door:
    """One simulator."""

    def __init__(self, client: aiohttp.ClientSession, url: str) -> None:
        self.client = client
        self.url = url

    async def post(self, path: str, content: Any, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        body = content if isinstance(content, str) else json.dumps(content)
        async with self.client.post(self.url + path, data=body, headers=headers) as reply:
            return reply.status, json.loads(await reply.read() or b"null")

    async def order(self, faults: dict[str, Any]) -> None:
        assert await self.post("/faults", faults) == (200, None)

    async def seen(self, query: str = "") -> list[dict[str, Any]]:
        async with self.client.get(f"{self.url}/seen{query}") as reply:
            return [json.loads(line) for line in (await reply.text()).splitlines()]

    async def summary(self) -> dict[str, Any]:
        async with self.client.get(f"{self.url}/summary") as reply:
            return json.loads(await reply.read())
