"""The simulators' doors as the replay uses them."""

from collections.abc import AsyncIterator
from typing import Any, Literal

import aiohttp
import orjson

from nsw_benchmarks.stories import Mix

Side = Literal["agencies", "businesses"]
_SEEN_PER_PAGE = 100_000
_NDJSON = {"content-type": "application/x-ndjson"}


class SimulatorDoors:
    """Both simulators. Every method raises `aiohttp.ClientError` where one cannot be reached."""

    def __init__(self, session: aiohttp.ClientSession, agencies_url: str, businesses_url: str) -> None:
        self._session = session
        self._urls: dict[Side, str] = {"agencies": agencies_url, "businesses": businesses_url}

    async def reset(self) -> None:
        """Have both forget what they saw."""
        for url in self._urls.values():
            await ask(self._session, "POST", f"{url}/reset", b"")

    async def go_by(self, mix: Mix) -> None:
        """Have both go by the stories of a mix."""
        for url in self._urls.values():
            await ask(self._session, "POST", f"{url}/mix", orjson.dumps({"mix": mix}))

    async def learn(self, secrets: bytes) -> None:
        """Have businesses know their subscriptions' secrets, as the window gave them."""
        await ask(self._session, "PUT", f"{self._urls['businesses']}/secrets", secrets)

    async def tasks(self, offset: int) -> list[dict[str, Any]]:
        """What businesses have to do: `number` and the `revision` that tells them to, from `offset` on."""
        page = await ask(self._session, "GET", f"{self._urls['businesses']}/tasks?offset={offset}")
        return [orjson.loads(line) for line in page.splitlines()]

    async def summary(self, side: Side) -> dict[str, Any]:
        """A simulator's counts."""
        summary: dict[str, Any] = orjson.loads(await ask(self._session, "GET", f"{self._urls[side]}/summary"))
        return summary

    async def seen(self, side: Side) -> AsyncIterator[dict[str, Any]]:
        """Everything a simulator has seen, in order of arrival."""
        offset = 0
        while page := await ask(
            self._session, "GET", f"{self._urls[side]}/seen?offset={offset}&limit={_SEEN_PER_PAGE}"
        ):
            for line in page.splitlines():
                offset += 1
                yield orjson.loads(line)


async def ask(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> bytes:
    """One request's answer; `headers` go beside the body's type.

    Raises:
        aiohttp.ClientError: the address cannot be reached, or answers an error.
    """
    sent = (_NDJSON if body else {}) | (headers or {})
    async with session.request(method, url, data=body, headers=sent, raise_for_status=True) as answer:
        return await answer.read()
