"""The door: takes dossiers in. Acknowledged means committed in Postgres, with its fact; Kafka is not waited for.

Requests that arrive together share one commit. Whatever fails before the commit's end is a 503 and may be sent again
with the same key: the first receipt is given if the first try did take effect.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple, TypeVar

import asyncpg
from nsw_contracts.envelope import fact_id
from nsw_contracts.events import SUBMITTED, DossierContent, SubmittedHead
from nsw_contracts.topics import SUBMISSIONS
from nsw_procedures.packs import packs
from nsw_runtime import metrics
from nsw_runtime.clock import Clock
from nsw_runtime.crash import crash_point
from nsw_runtime.database import UNAVAILABLE, Pool
from nsw_runtime.group_commit import GroupCommit
from nsw_runtime.journal import append, entry
from nsw_runtime.kafka import MAX_MESSAGE_BYTES
from nsw_runtime.problems import Problem, fault, unavailable
from nsw_runtime.relay import Relay
from pydantic import TypeAdapter

from nsw_intake import store
from nsw_intake.documents.references import References, Referring
from nsw_intake.errors import NumbersTaken, key_reused, too_large
from nsw_intake.numbers import Numbers
from nsw_intake.rate_limits import RateLimits
from nsw_intake.signing import store as signing_store
from nsw_intake.signing.claims import UNSIGNED, Claim
from nsw_intake.signing.receipts import Receipts
from nsw_intake.signing.signatures import DECLARANT_SIGNS, Asked, Rules, Signatures, signers
from nsw_intake.signing.store import Signed, SignedRow
from nsw_intake.store import Filed, Filing

log = logging.getLogger(__name__)

A = TypeVar("A")
B = TypeVar("B")

FIRST_CHECK_SECONDS: Final = 5.0
GATHER_SECONDS: Final = 0.002
EVERY_SECONDS: Final = 0.02
"""Between commits that hold little. Dossiers that come in together share every transaction and request on their way to
the agencies and back, which costs some 20 ms of CPU whether it is for one or for four."""
MOST_A_GROUP: Final = 50  # under load many groups are on their way, each at another step: so nothing waits for all
GROUPS_AT_ONCE: Final = 8
MOST_A_COMMIT: Final = 1000
COMMITS_AT_ONCE: Final = 2
TAKEN: Final = metrics.DOOR.labels("taken")
REFUSED: Final = metrics.DOOR.labels("refused")
UNSTORED: Final = metrics.DOOR.labels("unavailable")
_to_json: Final = TypeAdapter(DossierContent).serializer.to_json  # without the look-ups and the text between
CONTENT_BYTES: Final = MAX_MESSAGE_BYTES // 2  # of one dossier: a fact too large for Kafka would stop its stream


class Submission(NamedTuple):
    """A valid dossier on its way in; `content` is its JSON in the platform's own form."""

    procedure: str
    pack_version: str
    declarant: str
    idempotency_key: str
    content: bytes
    content_sha256: str
    traceparent: str | None
    references: References
    claim: Claim | Signed = UNSIGNED


Unread = Callable[[], Submission]
"""A dossier as it came: reads it, or raises the problem. Those of a group are read one after another, which costs half
of what it does between other work: code and data are in the processor's caches."""


class Receipt(NamedTuple):
    """What the business gets: the number, the digest of what was taken in, and when; `jws` is over all the rest."""

    number: str
    content_sha256: str
    received_at: str
    status: str = "submitted"
    jws: str = ""


def submission(
    dossier: DossierContent,
    pack_version: str,
    key: str,
    traceparent: str | None,
    base: str = "",
    claim: Claim | Signed = UNSIGNED,
) -> Submission:
    """A submission of this dossier, judged by this version of its procedure, under this idempotency key.

    `base` is the pointer at which the dossier stands in its request. `claim`: what came as signed; the door judges it,
    unless it is `Signed` already.

    Raises:
        Problem: 413, its JSON is larger than the window carries.
    """
    content, digest = own_form(dossier)
    declarant = dossier.declarant.tax_code
    references = References(declarant, dossier.documents, base)
    return Submission(dossier.procedure, pack_version, declarant, key, content, digest, traceparent, references, claim)


def own_form(dossier: DossierContent) -> tuple[bytes, str]:
    """A dossier's JSON in the platform's own form, and its SHA-256.

    Raises:
        Problem: 413, it is larger than the window carries; written anew it may be longer than it was sent.
    """
    content = _to_json(dossier)
    if len(content) > CONTENT_BYTES:
        raise too_large(CONTENT_BYTES, "bytes for one dossier")
    return content, sha256(content).hexdigest()


async def require_open(relay: Relay, waiting: int, most: int) -> None:
    """The window takes things in; `waiting` are on their way and not answered yet.

    Raises:
        Problem: 503, it is being restored, or too much waits to be stored.
    """
    if not relay.checked.is_set():  # just started: first hear whether Postgres was restored
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(relay.checked.wait(), FIRST_CHECK_SECONDS)
    if relay.diverged:
        raise unavailable("The window is being restored and takes nothing in. Try again later.", retry_after=60)
    if waiting > most:
        raise unavailable("Too much is waiting to be stored. Try again shortly.", retry_after=1)


class Door:
    """Takes submissions in, many to a commit."""

    def __init__(
        self,
        *,
        pool: Pool,
        clock: Clock,
        relay: Relay,
        referring: Referring,
        signatures: Signatures,
        receipts: Receipts,
        rates: RateLimits,
        waiting_most: int,
    ) -> None:
        self._rates = rates
        self._inside = 0
        self._signatures = signatures
        self._receipts = receipts
        self._pool = pool
        self._referring = referring
        self._clock = clock
        self._relay = relay
        self._waiting_most = waiting_most
        self._numbers = Numbers()
        self._groups = GroupCommit(
            self._take_group, gather_seconds=GATHER_SECONDS, most=MOST_A_GROUP, at_once=GROUPS_AT_ONCE
        )
        self._commits = GroupCommit(
            self._commit, gather_seconds=0, most=MOST_A_COMMIT, every_seconds=EVERY_SECONDS, at_once=COMMITS_AT_ONCE
        )

    async def take_in(self, asked: Sequence[Submission | Unread]) -> Sequence[Receipt | Problem]:
        """Take submissions in; a receipt, or the problem, for each.

        Raises:
            Problem: 503, none of them took effect as far as is known; send the same again with the same keys.
        """
        await require_open(self._relay, self._inside, self._waiting_most)
        self._inside += len(asked)
        try:
            return await self._groups.submit(asked)
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            UNSTORED.inc(len(asked))
            raise unavailable("The dossier could not be stored now. Send it again with the same key.") from error
        finally:
            self._inside -= len(asked)

    async def _take_group(self, asked: Sequence[Submission | Unread]) -> Sequence[Receipt | Problem]:
        """A group's whole way, a step at a time for all of it."""
        read = [self._read(one) for one in asked]
        judged = await _onward(read, self._judge)
        committed = await _onward(judged, self._commits.submit)
        signed = await self._receipts.signed(committed)
        refused = sum(isinstance(result, Problem) for result in signed)
        TAKEN.inc(len(signed) - refused)
        REFUSED.inc(refused)
        return signed

    def _read(self, one: Submission | Unread) -> Submission | Problem:
        try:
            submission = one if isinstance(one, Submission) else one()
        except Problem as problem:
            return problem
        except Exception:
            log.exception("a fault while a dossier was read")  # it costs the others of its group nothing
            return fault()
        return self._rates.business(submission.declarant) or submission

    async def _judge(self, submissions: Sequence[Submission]) -> Sequence[Submission | Problem]:
        """Each submission with its signatures verified, or what is wrong with them."""
        verdicts = await self._signatures.judge([Asked(one.claim, one.declarant, _rules(one)) for one in submissions])
        return [
            verdict if isinstance(verdict, Problem) else one._replace(claim=verdict or UNSIGNED)
            for one, verdict in zip(submissions, verdicts, strict=True)
        ]

    async def _commit(self, submissions: Sequence[Submission]) -> Sequence[Receipt | Problem]:
        while True:
            try:
                return await self._commit_once(submissions)
            except NumbersTaken:
                self._numbers.move_on()

    async def _commit_once(self, submissions: Sequence[Submission]) -> Sequence[Receipt | Problem]:
        now = self._clock()
        crash_point("door.transaction.before")
        async with self._pool.acquire() as connection, connection.transaction():
            refused = await self._referring.refer(connection, [one.references for one in submissions], now)
            numbers = self._numbers.give(len(submissions), now.year)
            filings = [
                Filing(
                    number,
                    one.declarant,
                    one.idempotency_key,
                    one.content_sha256,
                    one.procedure,
                    one.pack_version,
                    now,
                    one.references.row(),
                )
                for number, one in zip(numbers, submissions, strict=True)
            ]  # fmt: skip
            fit = [filing for place, filing in enumerate(filings) if place not in refused]
            new = await store.file(connection, fit) if fit else set()
            keys = [(filing.declarant, filing.idempotency_key) for filing in filings if filing.number not in new]
            held = await store.filed(connection, keys) if keys else {}
            if any(f.number not in new and (f.declarant, f.idempotency_key) not in held for f in fit):
                raise NumbersTaken("numbers of this group were given before")
            stating = [(filing, one) for filing, one in zip(filings, submissions, strict=True) if filing.number in new]
            facts = [
                entry(
                    SUBMISSIONS,
                    SUBMITTED,
                    SubmittedHead(
                        number=filing.number,
                        submitted_at=now,
                        content_sha256=filing.content_sha256,
                        idempotency_key=filing.idempotency_key,
                        pack_version=filing.pack_version,
                        **signers(one.claim),
                    ),
                    fact_id=fact_id(filing.number, SUBMITTED),
                    traceparent=one.traceparent,
                    content=one.content,
                )
                for filing, one in stating
            ]
            signed = [
                SignedRow(filing.number, fact.id, filing.declarant, one.claim)
                for fact, (filing, one) in zip(facts, stating, strict=True)
                if isinstance(one.claim, Signed)
            ]
            await signing_store.keep(connection, signed, now)
            stated = await append(connection, facts, now)
        crash_point("door.transaction.after")
        self._relay.wake(stated)
        at = now.isoformat()
        return [
            Receipt(filing.number, filing.content_sha256, at)
            if filing.number in new
            else _held(filing, held.get((filing.declarant, filing.idempotency_key))) or refused[place]
            for place, filing in enumerate(filings)
        ]


async def _onward(
    results: Sequence[A | Problem], step: Callable[[Sequence[A]], Awaitable[Sequence[B | Problem]]]
) -> Sequence[B | Problem]:
    """What is no problem yet, a step further; each at its place."""
    fit = [one for one in results if not isinstance(one, Problem)]
    taken = iter(await step(fit) if fit else ())
    return [one if isinstance(one, Problem) else next(taken) for one in results]


def _rules(one: Submission) -> Rules:
    pack = packs().version(one.procedure, one.pack_version)
    return pack.signatures if pack is not None else DECLARANT_SIGNS


def _held(filing: Filing, held: Filed | None) -> Receipt | Problem | None:
    """The first receipt, when the same dossier is sent again; None: nothing is held under its key."""
    if held is None:
        return None
    if held.content_sha256 != filing.content_sha256:
        return key_reused()
    return Receipt(held.number, held.content_sha256, held.submitted_at.isoformat())
