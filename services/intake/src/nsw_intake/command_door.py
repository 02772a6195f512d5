"""The door for commands. Acknowledged means committed in Postgres, with its fact; whether it can be had, routing says.

The same command sent again under its key is given the first receipt, whatever has become of the dossier meanwhile.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import asyncpg
from nsw_contracts.envelope import fact_id
from nsw_contracts.topics import SUBMISSIONS
from nsw_procedures.packs import packs
from nsw_runtime import metrics
from nsw_runtime.clock import Clock
from nsw_runtime.crash import crash_point
from nsw_runtime.database import UNAVAILABLE, Pool
from nsw_runtime.group_commit import GroupCommit
from nsw_runtime.identity import Caller
from nsw_runtime.journal import append, entry
from nsw_runtime.problems import Problem, unavailable
from nsw_runtime.relay import Relay

from nsw_intake import command_store
from nsw_intake.command_store import TAKEN_BACK, CommandRow, Held, Key, Standing
from nsw_intake.commands import FACT_TYPES, AmendmentBody, Filing, Request, SupplementBody, filing
from nsw_intake.documents.references import Referring
from nsw_intake.door import GATHER_SECONDS, MOST_A_COMMIT, require_open
from nsw_intake.errors import key_reused, unknown_dossier
from nsw_intake.rate_limits import RateLimits
from nsw_intake.signing import store as signing_store
from nsw_intake.signing.claims import UNSIGNED
from nsw_intake.signing.receipts import Receipts
from nsw_intake.signing.signatures import DECLARANT_SIGNS, Asked, Signatures
from nsw_intake.signing.store import Signed, SignedRow

AGAIN: Final = "The command could not be stored now. Send it again with the same key."


class CommandReceipt(NamedTuple):
    """What the business gets. `command_id` is named again should the command be refused; `jws` is over all the rest."""

    number: str
    command: str
    command_id: str
    received_at: str
    jws: str = ""


class CommandDoor:
    """Takes commands in, many to a commit."""

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
        self._commits = GroupCommit(self._commit, gather_seconds=GATHER_SECONDS, most=MOST_A_COMMIT)

    async def take_in(
        self, requests: Sequence[Request], caller: Caller, base: str = ""
    ) -> Sequence[CommandReceipt | Problem]:
        """Take a caller's commands in; a receipt, or the problem, for each. `base` is the pointer of a body.

        Raises:
            Problem: 503, none of them took effect as far as is known; send the same again with the same keys.
        """
        await require_open(self._relay, self._inside, self._waiting_most)
        self._inside += len(requests)
        try:
            return await self._take_in(requests, caller, base)
        finally:
            self._inside -= len(requests)

    async def _take_in(
        self, requests: Sequence[Request], caller: Caller, base: str
    ) -> Sequence[CommandReceipt | Problem]:
        try:
            results = await self._judge(requests, caller, base)
            filings = [one for one in results if isinstance(one, Filing)]
            receipts = iter(await self._commits.submit(filings) if filings else ())
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            metrics.DOOR.labels("unavailable").inc(len(requests))
            raise unavailable(AGAIN) from error
        unsigned = [next(receipts) if isinstance(one, Filing) else one for one in results]
        given = await self._receipts.signed(unsigned)
        metrics.DOOR.labels("taken").inc(sum(isinstance(one, CommandReceipt) for one in given))
        metrics.DOOR.labels("refused").inc(sum(isinstance(one, Problem) for one in given))
        return given

    async def _judge(
        self, requests: Sequence[Request], caller: Caller, base: str
    ) -> list[Filing | CommandReceipt | Problem]:
        """Each request as what may be filed, as the first receipt where it is held already, or as its problem.

        Somebody else's dossier looks like one that does not exist.
        """
        keys = [(one.number, one.idempotency_key) for one in requests]
        async with self._pool.acquire() as connection:
            held = await command_store.held(connection, keys)
            known = await command_store.standing(connection, sorted({one.number for one in requests}))
        standing = {number: one for number, one in known.items() if caller.acts_for(one.declarant)}
        signed = iter(
            await self._signatures.judge([_asked(one, standing) for one in requests if one.number in standing])
        )
        results: list[Filing | CommandReceipt | Problem] = []
        for asked, key in zip(requests, keys, strict=True):
            if asked.number not in standing:
                results.append(unknown_dossier())
                continue
            judged = next(signed)
            slowed = self._rates.business(standing[asked.number].declarant)
            if slowed is not None:
                results.append(slowed)
                continue
            if isinstance(judged, Problem):
                results.append(judged)
                continue
            one = asked._replace(claim=judged or UNSIGNED)
            if key in held:
                results.append(_first(one, held[key]))
            else:
                try:
                    results.append(filing(one, standing[one.number], self._clock(), base))
                except Problem as problem:
                    results.append(problem)
        return results

    async def _commit(self, filings: Sequence[Filing]) -> Sequence[CommandReceipt | Problem]:
        crash_point("door.transaction.before")
        async with self._pool.acquire() as connection, connection.transaction():
            now = self._clock()
            problems = await self._referring.refer(connection, [one.references for one in filings], now)
            refused = {_key(filings[place]): problem for place, problem in problems.items()}
            first: dict[Key, Filing] = {}
            for one in filings:
                first.setdefault(_key(one), one)
            fit = [_row(one) for key, one in first.items() if key not in refused]
            new = await command_store.file(connection, fit) if fit else set()
            held = await command_store.held(connection, list(first))
            facts = [
                entry(
                    SUBMISSIONS,
                    FACT_TYPES[one.request.command],
                    one.fact,
                    fact_id=held[key].id,
                    traceparent=one.request.traceparent,
                    content=one.content,
                )
                for key, one in first.items()
                if key in new
            ]
            signed = [
                SignedRow(one.request.number, held[key].id, one.fact.declarant, one.request.claim)
                for key, one in first.items()
                if key in new and isinstance(one.request.claim, Signed)
            ]
            await signing_store.keep(connection, signed, now)
            stated = await append(connection, facts, now)
        crash_point("door.transaction.after")
        self._relay.wake(stated)
        return [_first(one.request, held[_key(one)]) if _key(one) in held else refused[_key(one)] for one in filings]


def _asked(one: Request, standing: Mapping[str, Standing]) -> Asked:
    """Who is to sign a command: whoever signs a dossier, where it brings one; else the declarant."""
    of = standing[one.number]
    pack = packs().version(of.procedure, of.pack_version)
    brings = isinstance(one.body, SupplementBody | AmendmentBody)
    rules = pack.signatures if brings and pack is not None else DECLARANT_SIGNS
    return Asked(one.claim, of.declarant, rules, one.number, one.command)


def _key(one: Filing) -> Key:
    return one.request.number, one.request.idempotency_key


def _row(one: Filing) -> CommandRow:
    request = one.request
    cause = f"{request.number}/{request.idempotency_key}"
    return CommandRow(
        number=request.number,
        declarant=one.fact.declarant,
        idempotency_key=request.idempotency_key,
        command=request.command,
        sha256=request.sha256,
        id=fact_id(cause, FACT_TYPES[request.command]),
        filed_at=one.fact.filed_at,
        documents=one.references.row(),
    )


def _first(request: Request, held: Held) -> CommandReceipt | Problem:
    """The first receipt, when the same command is sent again."""
    if held.sha256 not in (request.sha256, TAKEN_BACK):
        return key_reused()
    return CommandReceipt(request.number, held.command, held.id, held.filed_at.isoformat())
