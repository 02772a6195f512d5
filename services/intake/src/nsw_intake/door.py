"""The door: takes dossiers in. Acknowledged means committed in Postgres, with its fact; Kafka is not waited for.

Requests that arrive together share one commit. Whatever fails before the commit's end is a 503 and may be sent again
with the same key: the first receipt is given if the first try did take effect.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NamedTuple

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
from nsw_runtime.problems import Problem, unavailable
from nsw_runtime.relay import Relay
from pydantic import TypeAdapter

from nsw_intake import store
from nsw_intake.documents.references import References, Referring
from nsw_intake.errors import NumbersTaken, key_reused, too_large
from nsw_intake.numbers import Numbers
from nsw_intake.rate_limits import RateLimits
from nsw_intake.signing import store as signing_store
from nsw_intake.signing.claims import UNSIGNED, Claim
from nsw_intake.signing.signatures import DECLARANT_SIGNS, Asked, Rules, Signatures, signers
from nsw_intake.signing.store import Signed, SignedRow
from nsw_intake.store import Filed, Filing

FIRST_CHECK_SECONDS: Final = 5.0
GATHER_SECONDS: Final = 0.002
EVERY_SECONDS: Final = 0.02
"""Between commits that hold little. Dossiers that come in together share every transaction and request on their way to
the agencies and back, which costs some 20 ms of CPU whether it is for one or for four."""
MOST_A_COMMIT: Final = 1000
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


class Receipt(NamedTuple):
    """What the business gets: the number, the digest of what was taken in, and when."""

    number: str
    content_sha256: str
    received_at: str
    status: str = "submitted"


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
        rates: RateLimits,
        waiting_most: int,
    ) -> None:
        self._rates = rates
        self._inside = 0
        self._signatures = signatures
        self._pool = pool
        self._referring = referring
        self._clock = clock
        self._relay = relay
        self._waiting_most = waiting_most
        self._numbers = Numbers()
        self._commits = GroupCommit(
            self._commit, gather_seconds=GATHER_SECONDS, most=MOST_A_COMMIT, every_seconds=EVERY_SECONDS
        )

    async def take_in(self, submissions: Sequence[Submission]) -> Sequence[Receipt | Problem]:
        """Take submissions in; a receipt, or the problem, for each.

        Raises:
            Problem: 503, none of them took effect as far as is known; send the same again with the same keys.
        """
        await require_open(self._relay, self._inside, self._waiting_most)
        self._inside += len(submissions)
        try:
            return await self._take_in([self._rates.business(one.declarant) or one for one in submissions])
        finally:
            self._inside -= len(submissions)

    async def _take_in(self, paced: Sequence[Submission | Problem]) -> Sequence[Receipt | Problem]:
        judged = await self._judged(paced)
        fit = [one for one in judged if isinstance(one, Submission)]
        try:
            receipts = iter(await self._commits.submit(fit) if fit else ())
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            UNSTORED.inc(len(fit))
            raise unavailable("The dossier could not be stored now. Send it again with the same key.") from error
        results = [one if isinstance(one, Problem) else next(receipts) for one in judged]
        refused = sum(isinstance(result, Problem) for result in results)
        TAKEN.inc(len(results) - refused)
        if refused:
            REFUSED.inc(refused)
        return results

    async def _judged(self, paced: Sequence[Submission | Problem]) -> list[Submission | Problem]:
        """Each submission with its signatures verified, or what is wrong with them."""
        asked = [Asked(one.claim, one.declarant, _rules(one)) for one in paced if isinstance(one, Submission)]
        verdicts = iter(await self._signatures.judge(asked))
        judged: list[Submission | Problem] = []
        for one in paced:
            if isinstance(one, Problem):
                judged.append(one)
                continue
            verdict = next(verdicts)
            judged.append(verdict if isinstance(verdict, Problem) else one._replace(claim=verdict or UNSIGNED))
        return judged

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
                for filing, one in zip(filings, submissions, strict=True)
                if filing.number in new
            ]
            signed = [
                SignedRow(filing.number, fact_id(filing.number, SUBMITTED), filing.declarant, one.claim)
                for filing, one in zip(filings, submissions, strict=True)
                if filing.number in new and isinstance(one.claim, Signed)
            ]
            await signing_store.keep(connection, signed, now)
            stated = await append(connection, facts, now)
        crash_point("door.transaction.after")
        self._relay.wake(stated)
        return [
            Receipt(filing.number, filing.content_sha256, now.isoformat())
            if filing.number in new
            else _held(filing, held.get((filing.declarant, filing.idempotency_key))) or refused[place]
            for place, filing in enumerate(filings)
        ]


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
