"""What agencies say of their own accord, from bytes judged to facts journaled: each message takes effect once.

A message is about a delivery the agency has (`delivery`), or about one whose outcome is not known yet (an intent): then
it is early, is kept, and takes effect in the transaction that settles the delivery. The intent's row lock keeps the two
apart. A message about a dossier that the agency does not have is refused, whosever dossier it is, and shown to
operators.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple

from nsw_contracts.adapter import Judged, Said, Verdict
from nsw_contracts.adapter.messages import pack_version_of
from nsw_runtime import metrics
from nsw_runtime.clock import Clock
from nsw_runtime.database import Connection, Pool
from nsw_runtime.group_commit import GroupCommit
from nsw_runtime.intents import Pending
from nsw_runtime.journal import Entry, Stated, append
from nsw_runtime.sender import Attempt, Done

from nsw_ministry_adapter import store
from nsw_ministry_adapter.answers import WrongAnswer, check_message, digest_text, of_message
from nsw_ministry_adapter.store import AnswerRow, DeliveryRow, Known

log = logging.getLogger(__name__)

GATHER_SECONDS: Final = 0.003
MESSAGES_A_COMMIT: Final = 500
NOT_YOURS: Final = "There is no such dossier with this agency."
OTHER_CONTENT: Final = "This message id was used before, for a message that says something else. Use a new id."


class _Item(NamedTuple):
    agency: str
    said: Said

    @property
    def place(self) -> tuple[str, str]:
        return self.agency, self.said.id

    @property
    def dossier(self) -> str:
        return self.said.facts[0].number


class AnswerDoor:
    """Takes messages of agencies. `on_commit` wakes the relay."""

    def __init__(self, pool: Pool, clock: Clock, on_commit: Callable[[Sequence[Stated]], None]) -> None:
        self._pool = pool
        self._clock = clock
        self._on_commit = on_commit
        self._commits = GroupCommit(self._commit, gather_seconds=GATHER_SECONDS, most=MESSAGES_A_COMMIT)

    async def take(self, agency: str, messages: Sequence[Said]) -> Sequence[Judged]:
        """Judge messages of one agency, and state what is taken; returns after the commit.

        Raises:
            OSError, asyncpg.PostgresError: Postgres is away (`database.UNAVAILABLE`); nothing was taken.
        """
        if not messages:
            return ()
        return await self._commits.submit([_Item(agency, said) for said in messages])

    async def keep(self, connection: Connection, settled: Sequence[tuple[Pending, Attempt]]) -> Sequence[Entry]:
        """The sender's hook: remember deliveries made, and give what early messages about them state."""
        done = [one for one, attempt in settled if isinstance(attempt, Done)]
        if not done:
            return ()
        early = await store.take_early(connection, [(one.lane, one.id) for one in done])
        now = self._clock()
        await store.add_deliveries(
            connection,
            [
                DeliveryRow(one.lane, one.dossier, one.id, pack_version_of(one.body), one.traceparent, now)
                for one in done
            ],
        )
        return early

    async def early(self, agency: str, message_ids: Sequence[str]) -> dict[str, datetime]:
        """Which of these deliveries have been answered although they are not settled, and when.

        Raises:
            OSError, asyncpg.PostgresError: Postgres is away.
        """
        async with self._pool.acquire() as connection:
            return await store.early(connection, agency, message_ids)

    async def _commit(self, items: Sequence[_Item]) -> Sequence[Judged]:
        async with self._pool.acquire() as connection, connection.transaction():
            judged, facts = await _Judging(connection, items).judge(self._clock)
            stated = await append(connection, facts, self._clock())
        self._on_commit(stated)
        for item, one in zip(items, judged, strict=True):
            metrics.ANSWERS.labels(item.agency, one.verdict).inc()
            if not one.kept:
                log.warning(
                    "an agency's message is not taken; see `nsw agency status`",
                    extra={"agency": item.agency, "verdict": one.verdict, "reason": one.reason},
                )
        return judged


class _Judging:
    """One transaction's messages, judged in the order in which they came."""

    def __init__(self, connection: Connection, items: Sequence[_Item]) -> None:
        self._connection = connection
        self._items = items

    async def judge(self, clock: Clock) -> tuple[list[Judged], list[Entry]]:
        """A verdict for each message, and the facts that follow."""
        known_ids = await store.answers(self._connection, [item.place for item in self._items])
        settled = {place: found for place, found in known_ids.items() if found[1] in ("taken", "early")}
        await self._find([item for item in self._items if item.place not in settled])
        now, rows, facts = clock(), dict[tuple[str, str], AnswerRow](), dict[tuple[str, str], list[Entry]]()
        verdicts: list[tuple[Verdict, str]] = []
        for item in self._items:
            digest = sha256(digest_text(item.said.facts).encode()).digest()
            before = settled.get(item.place) or (
                (rows[item.place].digest, rows[item.place].verdict) if item.place in rows else None
            )
            if before is not None and before[1] in ("taken", "early"):
                verdicts.append(("repeated", "") if before[0] == digest else ("refused", OTHER_CONTENT))
                continue
            verdict, reason, about, stated = self._judge(item)
            message_id = about.message_id if about is not None else None
            kept = stated if verdict == "early" else None
            shown = reason or self._strange.get(item.dossier, "")
            rows[item.place] = AnswerRow(*item.place, item.dossier, message_id, digest, verdict, shown, kept, now)
            if verdict == "taken":
                facts[item.place] = stated
            verdicts.append((verdict, NOT_YOURS if verdict == "unknown" else reason))
        added = await store.add_answers(self._connection, list(rows.values())) if rows else set[tuple[str, str]]()
        judged = [
            # Somebody else took the same message just now: it is a repeat, and states nothing here.
            Judged(said=item.said, verdict="repeated")
            if verdict in ("taken", "early") and item.place not in added
            else Judged(said=item.said, verdict=verdict, reason=reason)
            for item, (verdict, reason) in zip(self._items, verdicts, strict=True)
        ]
        return judged, [fact for place, stated in facts.items() if place in added for fact in stated]

    async def _find(self, items: Sequence[_Item]) -> None:
        """What the agencies have of these dossiers: made deliveries, then waiting ones, which cannot be both."""
        wanted = sorted({(item.agency, item.dossier) for item in items})
        self._made = await store.deliveries(self._connection, wanted) if wanted else {}
        self._waiting: dict[tuple[str, str], list[Known]] = {}
        self._strange: dict[str, str] = {}
        unknown = sorted({(item.agency, item.dossier) for item in items if _about(item, self._made) is None})
        if not unknown:
            return
        agencies, dossiers = sorted({agency for agency, _ in unknown}), sorted({dossier for _, dossier in unknown})
        for one in await store.waiting(self._connection, agencies, dossiers):
            known = Known(one.id, pack_version_of(one.body), one.traceparent)
            self._waiting.setdefault((one.lane, one.dossier), []).append(known)
        # One that was settled while its intent's lock was waited for is made by now.
        self._made |= await store.deliveries(self._connection, unknown)
        for dossier in await store.with_others(self._connection, dossiers):
            self._strange[dossier] = "the dossier is with another agency only"

    def _judge(self, item: _Item) -> tuple[Verdict, str, Known | None, list[Entry]]:
        try:
            check_message(item.said, item.agency)
        except WrongAnswer as error:
            return "refused", str(error), None, []
        verdict: Verdict = "taken"
        about = _about(item, self._made)
        if about is None:
            verdict, about = "early", _about(item, self._waiting, first=True)
        if about is None:
            return "unknown", "", None, []
        try:
            return verdict, "", about, of_message(item.said, about)
        except WrongAnswer as error:
            return "refused", str(error), None, []


def _about(item: _Item, found: dict[tuple[str, str], list[Known]], *, first: bool = False) -> Known | None:
    """The delivery that a message names; where it names none, the dossier's last (of waiting ones, the first)."""
    of_dossier = found.get((item.agency, item.dossier), [])
    named = item.said.facts[0].message_id
    if named:
        return next((one for one in of_dossier if one.message_id == named), None)
    if not of_dossier:
        return None
    return of_dossier[0] if first else of_dossier[-1]
