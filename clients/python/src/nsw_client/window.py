"""The window, as a business's program uses it: file, follow, answer.

Every call may be made again: a filing's idempotency key is made from what is filed unless one is given, so the same
dossier sent twice is one dossier, and its first receipt is given again.
"""

import contextlib
import json
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode

import httpx

from nsw_client.certificates import Certificate
from nsw_client.documents import Document, Progress, upload
from nsw_client.dossier import PATHS, Command, CommandReceipt, Dossier, Receipt
from nsw_client.errors import KeyUnusable, NotFound, StillWaiting
from nsw_client.receipts import verify_receipt
from nsw_client.signing import SigningKey
from nsw_client.tokens import StaticToken, Tokens
from nsw_client.transport import Patience, Transport

ANSWER_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 2.0
CERTIFICATES: Final = "/v1/signing-certificates"


class Window:
    """A National Single Window at an address. Used from one thread at a time; asyncio programs use `to_thread`.

    `token`: a bearer token, or where they come from; `key`: signs what is filed. Close it, or use it in a `with`.
    Every method may raise `Refused` (the window's problem, by kind) and `Unreachable`.
    """

    def __init__(
        self,
        url: str,
        *,
        token: Tokens | str | None = None,
        key: SigningKey | None = None,
        patience: Patience | None = None,
        http: httpx.Client | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._http = http or httpx.Client(timeout=ANSWER_SECONDS)
        self._patience = patience or Patience()
        tokens = StaticToken(token) if isinstance(token, str) else token
        self._transport = Transport(url, self._http, tokens, self._patience)
        self._key = key
        self._clock = clock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    # --- filing ------------------------------------------------------------------------------------------------------

    def submit(self, dossier: Mapping[str, Any] | bytes, *, idempotency_key: str | None = None) -> Receipt:
        """File a dossier, as a mapping or as its JSON's bytes; signed where the window was given a key.

        `idempotency_key`: give one of your own to file the same content a second time on purpose.
        """
        return Receipt.of(self._post("/v1/dossiers", dossier, idempotency_key))

    def supplement(
        self,
        number: str,
        dossier: Mapping[str, Any],
        *,
        note: str = "",
        in_answer_to: int = 0,
        idempotency_key: str | None = None,
    ) -> CommandReceipt:
        """Send the whole dossier, supplemented; `in_answer_to` is the revision of the request it answers."""
        body = {"dossier": dossier, "note": note}
        return self._command(number, "supplement", body, in_answer_to, idempotency_key)

    def amend(
        self,
        number: str,
        dossier: Mapping[str, Any],
        *,
        reason: str,
        in_answer_to: int = 0,
        idempotency_key: str | None = None,
    ) -> CommandReceipt:
        """Ask for an accepted dossier to become this one."""
        body = {"dossier": dossier, "reason": reason}
        return self._command(number, "amendment", body, in_answer_to, idempotency_key)

    def withdraw(
        self, number: str, *, reason: str, in_answer_to: int = 0, idempotency_key: str | None = None
    ) -> CommandReceipt:
        """Take a dossier back, or ask for it once it is accepted."""
        return self._command(number, "withdrawal", {"reason": reason}, in_answer_to, idempotency_key)

    def pay(
        self,
        number: str,
        *,
        amount: str,
        currency: str,
        reference: str,
        paid_at: datetime,
        agency: str | None = None,
        in_answer_to: int = 0,
        idempotency_key: str | None = None,
    ) -> CommandReceipt:
        """Say that a fee was paid: how much (a decimal number as text), and under which reference of the bank."""
        body: dict[str, Any] = {
            "amount": amount, "currency": currency, "reference": reference, "paid_at": paid_at.isoformat(),
        }  # fmt: skip
        if agency is not None:
            body["agency"] = agency
        return self._command(number, "payment", body, in_answer_to, idempotency_key)

    def upload(
        self, file: Path | str, *, declarant: str, media_type: str | None = None, progress: Progress | None = None
    ) -> Document:
        """Bring a file to the window, for a dossier of this tax code; its `reference(kind)` goes into the dossier."""
        document = Document.of(file, media_type)
        upload(self._transport, file, document, declarant, progress)
        return document

    def discard(self, document: Document | str, *, declarant: str) -> None:
        """Take back a document (or its SHA-256) that no dossier refers to. Again does no harm.

        Raises:
            NotPossible: a dossier refers to it.
        """
        digest = document if isinstance(document, str) else document.sha256
        with contextlib.suppress(NotFound):  # as when the answer to a first try was lost
            self._transport.send("DELETE", f"/v1/documents/{digest}?{urlencode({'declarant': declarant})}")

    # --- following ---------------------------------------------------------------------------------------------------

    def dossier(self, number: str) -> Dossier:
        """A dossier's status, what may be asked for now, and its timeline."""
        return Dossier.of(self._transport.send("GET", f"/v1/dossiers/{number}").json())

    def wait(self, number: str, statuses: Collection[str], *, seconds: float, every: float = LOOK_SECONDS) -> Dossier:
        """Wait until a dossier stands in one of these statuses, looking every so many seconds.

        Raises:
            StillWaiting: it did not within `seconds`.
        """
        until = self._patience.clock() + seconds
        while (found := self.dossier(number)).status not in statuses:
            if self._patience.clock() + every > until:
                wanted = ", ".join(sorted(statuses))
                raise StillWaiting(f"dossier {number} is {found.status} after {seconds:g} seconds; wanted: {wanted}")
            self._patience.sleep(every)
        return found

    # --- trust -------------------------------------------------------------------------------------------------------

    def verify(self, receipt: Receipt | Mapping[str, Any]) -> None:
        """Check a receipt with the window's keys.

        Raises:
            NotGenuine: the window did not give this receipt, or not like this.
        """
        verify_receipt(receipt.raw if isinstance(receipt, Receipt) else receipt, self.keys())

    def keys(self) -> dict[str, Any]:
        """The window's public keys as a JSON Web Key Set; kept beside receipts they can be checked without it."""
        found: dict[str, Any] = self._transport.send("GET", "/v1/keys").json()
        return found

    def register_certificate(self, declarant: str) -> Certificate:
        """Register the certificate of this window's key for a business; its subject must name that tax code.

        Once is enough; again does no harm.
        """
        if self._key is None:
            raise KeyUnusable("there is no key whose certificate could be registered: give the window its `key`")
        asked = json.dumps({"declarant": declarant, "certificate": self._key.certificate_pem()}).encode()
        headers = {"content-type": "application/json"}
        return Certificate.of(self._transport.send("POST", CERTIFICATES, headers=headers, body=asked).json())

    def certificates(self, declarant: str) -> tuple[Certificate, ...]:
        """A business's registered certificates, those whose use has ended too."""
        found = self._transport.send("GET", f"{CERTIFICATES}?{urlencode({'declarant': declarant})}").json()
        return tuple(Certificate.of(one) for one in found["certificates"])

    def end_certificate(self, declarant: str, sha256: str) -> None:
        """End a certificate's use; what it has signed stays valid."""
        self._transport.send("DELETE", f"{CERTIFICATES}/{sha256}?{urlencode({'declarant': declarant})}")

    def _command(
        self, number: str, command: Command, body: Mapping[str, Any], in_answer_to: int, key: str | None
    ) -> CommandReceipt:
        path = f"/v1/dossiers/{number}/{PATHS[command]}"
        said = self._post(path, {**body, "in_answer_to": in_answer_to}, key, dossier=number, command=command)
        return CommandReceipt.of(said)

    def _post(self, path: str, value: Mapping[str, Any] | bytes, key: str | None, **about: str) -> dict[str, Any]:
        """File; `about` is what the signature is for."""
        body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
        headers = {
            "content-type": "application/json",
            "idempotency-key": key or content_key(path, body),
        }
        if self._key is not None:
            headers["nsw-signature"] = self._key.sign(body, self._clock(), **about)
        found: dict[str, Any] = self._transport.send("POST", path, headers=headers, body=body).json()
        return found


def content_key(path: str, body: bytes) -> str:
    """The idempotency key of what is sent there: the same for the same bytes."""
    return sha256(path.encode() + b"\n" + body).hexdigest()
