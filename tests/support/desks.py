"""Agencies without a system of their own: some agencies' work is laid on officers' desks, where a test needs it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

from support.live import Live
from support.polling import until

SERVICE = "ministry-adapter"


class Officer:
    """An officer of one agency, who calls as nobody else does."""

    def __init__(self, live: Live, agency: str, name: str) -> None:
        self.live = live
        self.agency = agency
        self.subject = f"{name}-{uuid4().hex[:8]}"

    async def known(self) -> "Officer":
        """Registered, and known to the adapter."""
        await self.live.register(self.agency, subject=self.subject, role="officer")
        status, _ = await self.live.ask_once_registered("GET", self.url(), caller=self.subject)
        assert status == 200
        return self

    def url(self, number: str = "", then: str = "", agency: str = "") -> str:
        """The desk, a dossier on it, or what is done with that."""
        desk = f"{self.live.system.services[SERVICE]}/v1/agencies/{agency or self.agency}/desk/dossiers"
        return "/".join((desk, *(part for part in (number, then) if part)))

    async def ask(self, method: str, number: str = "", then: str = "", **options: Any) -> tuple[int, Any]:
        """One request; status and JSON."""
        return await self.live.ask(method, self.url(number, then), caller=self.subject, **options)

    async def finds(self, number: str) -> Any:
        """Wait until a dossier lies on the desk."""

        async def there() -> Any:
            status, shown = await self.ask("GET", number)
            return shown if status == 200 else None

        return await until(there, f"{number} to lie on the desk of {self.agency}")

    async def decides(self, number: str, kind: str, key: str = "", **fields: Any) -> tuple[int, Any]:
        """Decide; `key` is a new one where none is given."""
        headers = {"idempotency-key": key or uuid4().hex}
        return await self.ask("POST", number, "decisions", json={"kind": kind, **fields}, headers=headers)

    async def judges(self, number: str, decision: str, *, agree: bool, reason: str = "") -> tuple[int, Any]:
        """Agree to a colleague's decision, or decline it."""
        body = {"agree": agree, "reason": reason}
        return await self.ask("POST", number, f"decisions/{decision}/judgement", json=body)


@asynccontextmanager
async def at_desks(live: Live, *agencies: str) -> AsyncIterator[None]:
    """The window's adapter service with these agencies at desks, and the others as they are."""
    told = replace(live.system, desks=frozenset(agencies)).service(SERVICE).env
    await live.stop(SERVICE)
    await live.begin(SERVICE, NSW_AGENCIES_FILE=told["NSW_AGENCIES_FILE"])
    try:
        await live.ready(SERVICE)
        yield
    finally:
        await live.mend()
