"""Judges signatures at the doors. Nothing is taken in that is signed wrongly, whether or not a signature is asked for.

The order is what keeps strangers from making the window work: a certificate that is registered, a time within the
window, the signature itself in another process, and only then, where that is due, its authority is asked.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from nsw_contracts.events import Command, Signer
from nsw_procedures.pack import SignatureRule
from nsw_runtime.clock import Clock
from nsw_runtime.problems import Problem

from nsw_intake.signing.certificate import Unfit
from nsw_intake.signing.claims import Claim
from nsw_intake.signing.errors import CERTIFICATES, bad_signature, unsigned
from nsw_intake.signing.jws import Jws, fits
from nsw_intake.signing.known import Known, KnownCertificates, Standing
from nsw_intake.signing.process import SigningProcess
from nsw_intake.signing.store import Signed, Verified
from nsw_intake.signing.usable import FarTime, require_near, require_usable
from nsw_intake.signing.worker import Check

DECLARANT_SIGNS: Final = (SignatureRule(role="declarant"),)
"""What is asked of a command that does not bring the dossier anew."""

Rules = Sequence[SignatureRule]


class Asked(NamedTuple):
    """A claim to be judged: for which business, by which rules; for a command, of which dossier.

    A claim that is `Signed` already has been verified on its way in (XML); only who signed is judged.
    """

    claim: Claim | Signed
    declarant: str
    rules: Rules
    number: str | None = None
    command: Command | None = None


class Signatures:
    """The judge. `window`: how far a signature's own time may be from the time it comes in."""

    def __init__(
        self,
        *,
        known: KnownCertificates,
        process: SigningProcess,
        clock: Clock,
        policy: Literal["required", "optional"],
        window: timedelta,
    ) -> None:
        self._known = known
        self._process = process
        self._clock = clock
        self._required = policy == "required"
        self._window = window

    async def judge(self, asked: Sequence[Asked]) -> list[Signed | Problem | None]:
        """What of each holds; None: it is unsigned and may be. Many cost one look-up and one question.

        Raises:
            Problem: 503, no signature can be verified now.
        """
        if not any(isinstance(one.claim, Signed) or one.claim.signatures for one in asked):
            return [self._unsigned() for _ in asked]
        claimed = [jws for one in asked if isinstance(one.claim, Claim) for jws in one.claim.signatures]
        known = await self._known.find(jws.certificate for jws in claimed) if claimed else {}
        results: list[Signed | Problem | None] = [self._first_look(one, known) for one in asked]
        fit = {
            at: one.claim
            for at, (one, result) in enumerate(zip(asked, results, strict=True))
            if result is None and isinstance(one.claim, Claim)
        }
        checks = [
            Check(jws, claim.body, known[jws.certificate].key_der) for claim in fit.values() for jws in claim.signatures
        ]
        held = iter(await self._process.verify(checks) if checks else ())
        wrong = {at: _held(claim, [next(held) for _ in claim.signatures]) for at, claim in fit.items()}
        standings = await self._standings(
            {
                jws.certificate: known[jws.certificate]
                for at, claim in fit.items()
                if wrong[at] is None
                for jws in claim.signatures
            }
        )
        for at, claim in fit.items():
            results[at] = wrong[at] or (_signed(claim, known, standings) if claim.signatures else None)
        return results

    async def _standings(self, known: Mapping[str, Known]) -> dict[str, Standing | Unfit | Problem]:
        """What is known of each certificate, or why it cannot be signed with."""
        for one in known.values():
            self._known.refresh(one)  # all at once, before the first is waited for
        return {sha256: await self._standing(one) for sha256, one in known.items()}

    async def _standing(self, known: Known) -> Standing | Unfit | Problem:
        try:
            return await self._known.standing(known)
        except (Unfit, Problem) as error:
            return error

    def _unsigned(self) -> Problem | None:
        return unsigned("This window takes signed dossiers and commands only.") if self._required else None

    def _first_look(self, one: Asked, known: Mapping[str, Known]) -> Signed | Problem | None:
        """Everything about a claim but the signatures themselves."""
        try:
            if isinstance(one.claim, Signed):
                self._roles(one, {each.certificate: each.holder for each in one.claim.signatures}, "/Signature")
                return one.claim
            if not one.claim.signatures:
                return self._unsigned()
            for at, jws in enumerate(one.claim.signatures):
                self._usable(one, jws, known.get(jws.certificate), _place(one.claim, at))
            holders = {jws.certificate: known[jws.certificate].row.declarant for jws in one.claim.signatures}
            if len(holders) < len(one.claim.signatures):
                raise bad_signature(one.claim.where, "the same certificate signs twice; each signer has one of its own")
            self._roles(one, holders, one.claim.where)
        except Problem as problem:
            return problem
        return None

    def _usable(self, one: Asked, jws: Jws, known: Known | None, where: str) -> None:
        if known is None or (known.row.declarant != one.declarant and not _asks_others(one.rules)):
            raise bad_signature(
                where,
                f"no certificate with this x5t#S256 is registered for {one.declarant}; register it with POST "
                f"{CERTIFICATES}, or sign with one that is",
            )
        now = self._clock()
        try:
            require_usable(known.row, now)
            require_near(_moment(jws), now, self._window, "iat")
        except (Unfit, FarTime) as error:
            raise bad_signature(where, str(error)) from None
        if not fits(jws.algorithm, known.key):
            raise bad_signature(where, f"{jws.algorithm} is not what this certificate's key makes")
        if (jws.number, jws.command) != (one.number, one.command):
            raise bad_signature(where, _meant_for(one))

    def _roles(self, one: Asked, holders: dict[str, str], where: str) -> None:
        """Who signs is who the rules ask for: no fewer where signatures are required, and nobody else."""
        own = sum(holder == one.declarant for holder in holders.values())
        others = len(holders) - own
        asked_own = sum(rule.role == "declarant" for rule in one.rules)
        asked_others = len(one.rules) - asked_own
        if others > asked_others:
            raise bad_signature(where, f"{others} of other businesses sign, and {asked_others} is asked for")
        if not own:
            raise bad_signature(where, f"{one.declarant}, which files, has not signed")
        if self._required and (own < asked_own or others < asked_others):
            raise unsigned(
                f"This procedure asks for {asked_own} of the declarant and {asked_others} of a co-signer; there are "
                f"{own} and {others}."
            )


def _asks_others(rules: Rules) -> bool:
    return any(rule.role == "co-signer" for rule in rules)


def _held(claim: Claim, hold: Sequence[bool]) -> Problem | None:
    """What is wrong with a claim of which these signatures hold."""
    if all(hold):
        return None
    return bad_signature(
        _place(claim, hold.index(False)),
        "is not this certificate's over these bytes; sign the body exactly as it is sent",
    )


def _signed(
    claim: Claim, known: Mapping[str, Known], standings: Mapping[str, Standing | Unfit | Problem]
) -> Signed | Problem:
    """The claim as verified, with what is known of each certificate."""
    found: list[Verified] = []
    for at, jws in enumerate(claim.signatures):
        standing = standings[jws.certificate]
        if isinstance(standing, Problem):
            return standing
        if isinstance(standing, Unfit):
            return bad_signature(_place(claim, at), str(standing))
        row = known[jws.certificate].row
        found.append(
            Verified(jws.compact, row.sha256, row.declarant, _moment(jws), standing.revocation, standing.checked_at)
        )
    return Signed(claim.body, tuple(found))


def signers(claim: Claim | Signed) -> dict[str, Any]:
    """What a fact says of its signatures, once they are verified: `signers` and `signed_at`; else nothing."""
    if not isinstance(claim, Signed):
        return {}
    return {
        "signers": tuple(Signer(certificate=one.certificate, holder=one.holder) for one in claim.signatures),
        "signed_at": max(one.signed_at for one in claim.signatures),
    }


def _moment(jws: Jws) -> datetime:
    return datetime.fromtimestamp(jws.iat, UTC)


def _place(claim: Claim, at: int) -> str:
    """The header, or the signature of a line."""
    return f"{claim.where}/{at}"


def _meant_for(one: Asked) -> str:
    if one.number is None:
        return "is for a command: the header of a dossier's signature names no `dossier` and no `command`"
    return f'is not for this: its protected header must have "dossier": "{one.number}" and "command": "{one.command}"'
