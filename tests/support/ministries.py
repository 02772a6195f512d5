"""A ministry of one test: its system a process of its own, the window's adapter service hosting an adapter for it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from nsw_contracts.adapter.conformance import ProcessRig
from nsw_contracts.adapter.conformance.orders import SAMPLES, Effect, Saying, Spoiling
from nsw_runtime.clock import system_clock

from support.live import Live
from support.polling import until


class Ministry:
    """The agency's system, and what its officers say."""

    def __init__(self, live: Live, rig: ProcessRig) -> None:
        self.live = live
        self.rig = rig
        self._said = 0

    @property
    def system(self) -> str:
        """The subject that the agency's system is registered as."""
        return f"system-of-{self.rig.agency}"

    @property
    def door(self) -> str:
        """Where it posts its messages."""
        return f"{self.live.system.services['ministry-adapter']}/v1/agencies/{self.rig.agency}/messages"

    async def effect(self, number: str, what: str) -> Effect:
        """Wait until a message has taken effect; it did so once."""

        async def arrived() -> Effect | None:
            effects = await asyncio.to_thread(self.rig.effects)
            return next((one for one in effects if (one.number, one.what) == (number, what)), None)

        found: Effect = await until(arrived, f"{what} of {number} to arrive")
        assert found.applied == 1
        return found

    def saying(self, number: str, kind: str, **more: Any) -> Saying:
        """Something it is to say, with an id of its own."""
        self._said += 1
        told = {"id": f"{number}-{self._said}", "number": number, "kind": kind, "fields": dict(SAMPLES[kind])} | more
        return Saying.model_validate({"decided_at": system_clock()} | told)

    async def says(self, number: str, kind: str, **more: Any) -> tuple[int, str]:
        """Have it say something; the window's answer."""
        return await self.posts(self.saying(number, kind, **more))

    async def posts(self, saying: Saying) -> tuple[int, str]:
        """Have it post a message; the window's answer."""
        order = {
            "saying": saying.model_dump(mode="json"),
            "url": self.door,
            "headers": await self.live.headers(self.system),
        }
        told = await asyncio.to_thread(self.rig.ask, "post", order)
        return told["status"], told["body"]

    async def says_spoiled(self, number: str, spoiled: Spoiling) -> tuple[int, str]:
        """Have it post a message that is wrong."""
        return await self.says(number, "accepted", spoiled=spoiled)


@asynccontextmanager
async def hosted(live: Live, folder: Path, rig: ProcessRig, **more: Any) -> AsyncIterator[Ministry]:
    """The window's adapter service, with this one agency on the rig's adapter and the others as they are.

    `more` is added to the agency's settings; files are written to `folder`.
    """
    way = await asyncio.to_thread(rig.start)
    try:
        agencies = json.loads((live.system.folder / "agencies.json").read_text())
        spoken = {
            "code": rig.agency,
            "adapter": rig.adapter.manifest.name,
            "settings": way.settings,
            "http": {"plain_loopback": True},
            "retry_seconds": [0.2],
        }
        agencies = [one for one in agencies if one["code"] != rig.agency] + [spoken | more]
        (folder / "agencies.json").write_text(json.dumps(agencies))
        (folder / rig.agency).mkdir()
        for name, value in way.secrets.items():
            (folder / rig.agency / name).write_bytes(value)
        ministry = Ministry(live, rig)
        await live.register(rig.agency, subject=ministry.system, role="agency-system")
        await live.stop("ministry-adapter")
        await live.begin(
            "ministry-adapter", NSW_AGENCIES_FILE=str(folder / "agencies.json"), NSW_SECRETS_FOLDER=str(folder)
        )
        await live.ready("ministry-adapter")
        yield ministry
    finally:
        await asyncio.to_thread(rig.stop)
        await live.mend()
