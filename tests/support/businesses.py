"""A business of one test alone: it files, asks for things afterwards, and has agencies answer as the test says."""

from secrets import randbelow
from typing import Any
from uuid import uuid4

from nsw_contracts.lifecycle import AgencySays, Command
from nsw_procedures.calendar import local_day
from nsw_procedures.example import example_content
from nsw_procedures.pack import Example, Pack
from nsw_procedures.packs import packs
from nsw_procedures.tax_code import check_digit
from nsw_runtime.clock import system_clock

from support.live import Live
from support.polling import until

PATHS: dict[Command, str] = {
    "supplement": "supplements",
    "amendment": "amendments",
    "withdrawal": "withdrawals",
    "payment": "payments",
}
FEE = {"amount": "300000", "currency": "VND"}
PAID = FEE | {"reference": "FT26001", "paid_at": "2026-03-02T08:00:00+07:00"}
_SAYING: dict[str, dict[str, Any]] = {
    "refused": {"reason": "Không thuộc đối tượng"},
    "supplement-requested": {"reason": "Thiếu", "items": ["invoice"]},
    "withdrawal-refused": {"reason": "Đã kiểm tra"},
    "amendment-refused": {"reason": "Không phù hợp"},
    "fee-requested": FEE,
    "result-issued": {"outcome": "licensed", "certificate_number": "GP-1"},
    "result-amended": {"outcome": "licensed", "reason": "Sửa tên hàng"},
    "result-revoked": {"reason": "Chứng từ giả"},
}


def decision(kind: AgencySays, **fields: Any) -> dict[str, Any]:
    """A decision as the simulated agency answers it."""
    return {"kind": kind} | _SAYING.get(kind, {}) | fields


def new_tax_code() -> str:
    """A right tax code, which begins with 9 as no real one does, and which no other test files with."""
    while True:
        nine = f"9{randbelow(10**8):08d}"
        if (digit := check_digit(nine)) is not None:
            return f"{nine}{digit}"


def pack_today(code: str) -> Pack:
    """The version of a procedure that dossiers filed now are judged by."""
    pack = packs().in_force(code, local_day(system_clock()))
    assert pack is not None
    return pack


class Business:
    """A business that no other test knows. Its dossiers are decided by its script, and by nothing else."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.tax_code = new_tax_code()
        live.acts_for(self.tax_code)

    def dossier(self, pack: Pack, example: Example | None = None) -> dict[str, Any]:
        """The dossier of a pack's (first) example, as this business files it."""
        found = example_content(pack, example or pack.examples[0]).model_dump(mode="json")
        branch = found["declarant"]["tax_code"][10:]
        return found | {"declarant": {"tax_code": f"{self.tax_code}{branch}", "name": "Công ty Thử Nghiệm"}}

    async def agencies_answer(self, answers: dict[str, list[dict[str, Any]]], *, branch: str = "") -> None:
        """From now on agencies answer so: decisions by `AGENCY what-it-is-told`; to anything else, nothing."""
        script = {"declarant": f"{self.tax_code}{branch}", "answers": answers}
        status, said = await self.live.ask("POST", f"{self.live.system.agencies_url}/scripts", json=script)
        assert status == 200, said

    async def file(self, dossier: dict[str, Any]) -> str:
        """File a dossier; its number."""
        headers = {"idempotency-key": uuid4().hex}
        status, said = await self.live.ask("POST", f"{self.live.intake}/v1/dossiers", json=dossier, headers=headers)
        assert status == 202, said
        return str(said["number"])

    async def ask(self, number: str, command: Command, body: Any, key: str = "") -> tuple[int, Any]:
        """Ask for something; the status and the receipt or problem."""
        headers = {"idempotency-key": key or uuid4().hex}
        url = f"{self.live.intake}/v1/dossiers/{number}/{PATHS[command]}"
        return await self.live.ask("POST", url, json=body, headers=headers)

    async def shown(self, number: str) -> dict[str, Any]:
        """The dossier as the business sees it."""
        status, shown = await self.live.ask("GET", f"{self.live.intake}/v1/dossiers/{number}")
        assert status == 200, shown
        found: dict[str, Any] = shown
        return found

    async def hears(self, number: str, *whats: str, seconds: float = 30.0) -> dict[str, Any]:
        """Wait until the dossier's timeline is just this (`what` happened, or the fact's type); the dossier then."""
        seen: list[str] = []

        async def told() -> dict[str, Any] | None:
            shown = await self.shown(number)
            seen[:] = [one.get("what", one["type"]) for one in shown["timeline"][1:]]
            return shown if len(seen) >= len(whats) else None

        shown = await until(told, f"{number} to go through {whats}, not {seen}", seconds=seconds)
        assert seen == list(whats)
        found: dict[str, Any] = shown
        return found
