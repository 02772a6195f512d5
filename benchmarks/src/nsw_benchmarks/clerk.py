"""The businesses' clerk: files what each dossier's story has its business do after it has filed.

A story has at most one such step. It is due with the receipt, or once the business has heard of the change that asks
for it; then the command names that change's revision, so that no service can judge it by an older status.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from nsw_contracts.lifecycle import Command

from nsw_benchmarks.bulk_door import MOST_LINES, BulkDoor
from nsw_benchmarks.profile import Filing
from nsw_benchmarks.simulator_doors import SimulatorDoors
from nsw_benchmarks.stories import FEE, Mix, Story

_LOOK_SECONDS = 0.5


class Clerk:
    """Acts for all businesses. `done` counts its commands that have receipts."""

    def __init__(self, door: BulkDoor, simulators: SimulatorDoors, run_id: str, mix: Mix) -> None:
        self._door = door
        self._simulators = simulators
        self._run_id = run_id
        self._mix: Mix = mix
        self._waiting: dict[str, tuple[Command, Filing]] = {}
        self._due: dict[str, int] = {}  # the revision that each dossier's command answers; 0: none
        self.done: Counter[Command] = Counter()

    def note(self, number: str, filing: Filing, told: Story) -> None:
        """Remember an acknowledged dossier if its business will act."""
        if told.command is None:
            return
        self._waiting[number] = (told.command, filing)
        if told.trigger is None:
            self._due[number] = 0

    async def work(self) -> None:
        """File what is due, for ever.

        Raises:
            SubmissionError: a command was refused, or the window gave no receipt for too long.
        """
        if self._mix == "plain":
            return
        read = 0
        while True:
            tasks = await self._simulators.tasks(read)
            read += len(tasks)
            self._due |= {task["number"]: task["revision"] for task in tasks}
            # A webhook can overtake the receipt: then its dossier waits until it is known. Others' never are.
            ready = [number for number in self._due if number in self._waiting]
            await asyncio.sleep(_LOOK_SECONDS)  # a clerk acts on what has gathered, not on each webhook
            for start in range(0, len(ready), MOST_LINES):
                await self._file(ready[start : start + MOST_LINES])

    async def _file(self, numbers: Sequence[str]) -> None:
        commands = {number: self._waiting.pop(number) for number in numbers}
        lines = list(self._lines(commands))
        await self._door.send(lines)
        self.done.update(command for command, _ in commands.values())

    def _lines(self, commands: dict[str, tuple[Command, Filing]]) -> Iterator[str]:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        for number, (command, filing) in commands.items():
            key = f"{self._run_id}-{number}-{command}"
            body = _body(command, number, filing, now)
            if revision := self._due.pop(number):
                body += f',"in_answer_to":{revision}'
            yield f'{{"idempotency_key":"{key}","number":"{number}","command":"{command}","body":{{{body}}}}}'


def _body(command: Command, number: str, filing: Filing, now: str) -> str:
    match command:
        case "supplement":
            return f'"dossier":{filed_again(filing.body)},"note":"Nộp lại hóa đơn rõ hơn"'
        case "amendment":
            return f'"dossier":{filed_again(filing.body)},"reason":"Sửa mục đích sử dụng"'
        case "withdrawal":
            return '"reason":"Không còn nhu cầu nhập khẩu"'
        case "payment":
            amount, currency = FEE
            return f'"amount":"{amount}","currency":"{currency}","reference":"GNT-{number}","paid_at":"{now}"'


def filed_again(body: str) -> str:
    """The dossier as the business files it again: with another purpose, all else as it was."""
    before, field, after = body.rpartition('"purpose":"')
    return f"{before}{field}Sửa: {after}"
