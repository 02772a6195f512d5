"""Gold: the adapter as a part of a process that logs, stops and serves others."""

import asyncio
import logging
import time
from typing import Final

from nsw_contracts.adapter.conformance.bench import Bench, Stand, expect
from nsw_contracts.adapter.conformance.orders import Trouble
from nsw_contracts.adapter.conformance.rules import hears, rule
from nsw_contracts.adapter.outcomes import Taken

_TICK_SECONDS: Final = 0.01
_HANGING_SECONDS: Final = 3.0
_LONGEST_PAUSE: Final = 1.5
"""Between two ticks: far more than a busy machine makes, far less than a client that blocks until its timeout."""

_STOP_SECONDS: Final = 5.0
_TROUBLES: Final[tuple[Trouble, ...]] = ("lock-out", "refuse", "err", "garbage", "wrong-id", "lose-reply")


class _Listener(logging.Handler):
    """Keeps every line that any logger wrote, as it would be printed."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record) if record.exc_info else f"{record.getMessage()} {record.exc_text or ''}"
        self.lines.append(f"{text} {vars(record)}")


@rule("logs-no-secrets", "gold")
async def logs_no_secrets(stand: Stand) -> None:
    """Nothing that is logged holds a secret or a person.

    With every logger of the process at its most talkative, deliveries, refusals, broken answers and messages write no
    secret and nothing of the dossier's contact.

    Why: logs are read by many, kept for years, and sent elsewhere.

    Mend: log through `context.log`, which strikes out secrets you asked for; log message ids and dossier numbers,
    never contents, headers or whole requests.
    """
    listener, root = _Listener(), logging.getLogger()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    try:
        async with stand.bench() as bench:
            await _everything(bench)
        secrets = [value.decode(errors="replace") for value in stand.way.secrets.values()]
    finally:
        root.setLevel(level)
        root.removeHandler(listener)
    contact = stand.rig.dossier.contact
    hidden = [line for secret in secrets for line in secret.splitlines() if len(line) > 8 and "-----" not in line]  # noqa: PLR2004
    for line in listener.lines:
        expect(not any(secret in line for secret in hidden), "a secret was logged")
        expect(contact.name not in line and contact.email not in line, "a person's name or address was logged")


async def _everything(bench: Bench) -> None:
    for which, trouble in enumerate(_TROUBLES, start=1):
        await bench.order(trouble)
        await bench.deliver_one(bench.delivery(which))
    await bench.deliver_one(bench.delivery(20))
    if hears(bench.adapter.capabilities):
        await bench.hear(bench.saying(20))
    if "callback" in bench.adapter.capabilities.answers:
        await bench.bounded(bench.adapter.receive(await bench.inbound(bench.saying(20, spoiled="garbage"))))


@rule("stops-in-the-middle", "gold")
async def stops_in_the_middle(stand: Stand) -> None:
    """It can be stopped at any moment.

    A delivery that the agency does not answer is cancelled: the call ends at once, `close` returns, no task of the
    adapter's is left behind. After the restart the message is delivered, and took effect once.

    Why: the window is released, restarted and moved while dossiers are on their way.

    Mend: let `CancelledError` pass; close connections in `finally`; start no tasks that nobody waits for.
    """
    before = asyncio.all_tasks()
    async with stand.bench() as bench:
        await bench.order("hang")
        calling = asyncio.ensure_future(bench.deliver(bench.delivery()))
        await asyncio.sleep(0.2)
        calling.cancel()
        done, _ = await asyncio.wait([calling], timeout=_STOP_SECONDS)
        expect(done, "a cancelled delivery went on")
        expect(calling.cancelled() if done else True, "a cancelled delivery gave something instead of CancelledError")
    await asyncio.sleep(0)
    left = [task for task in asyncio.all_tasks() - before if not task.done() and task is not calling]
    expect(not left, f"{len(left)} tasks are left after close: {', '.join(map(str, left))[:200]}")
    async with stand.bench() as bench:
        outcome = await bench.settle(bench.delivery())
        expect(isinstance(outcome, Taken), f"after the restart the message came to {outcome!r}")
        await bench.one_effect(bench.delivery())


@rule("blocks-nobody", "gold")
async def blocks_nobody(stand: Stand) -> None:
    """While the agency hangs, the process goes on.

    While a delivery waits for an agency that does not answer, the event loop goes on ticking.

    Why: the loop serves the other agencies.

    Mend: await, or `asyncio.to_thread`; no `time.sleep`, no blocking sockets, no long computations in a coroutine.
    """
    async with stand.bench(seconds=_HANGING_SECONDS) as bench:
        await bench.order("hang")
        calling = asyncio.ensure_future(bench.deliver(bench.delivery()))
        longest, last = 0.0, time.monotonic()
        while not calling.done():
            await asyncio.sleep(_TICK_SECONDS)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
        await calling
        expect(longest < _LONGEST_PAUSE, f"the event loop stood still for {longest:.1f} s: something blocks it")
