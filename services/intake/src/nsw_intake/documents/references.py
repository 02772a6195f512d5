"""What dossiers refer to: judged and marked in the transaction that takes them in, one query for a group of dossiers.

A document that a dossier refers to is never removed, and one that is being removed is not there to be referred to: the
filing locks its documents' rows and marks them, the collector (`collector.py`) removes unmarked rows that it can lock.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import orjson
from nsw_contracts.events import Document
from nsw_runtime.database import Connection
from nsw_runtime.problems import FieldError, Problem

from nsw_intake.documents import records
from nsw_intake.documents.records import Held, Key
from nsw_intake.errors import invalid

ERRORS_SHOWN: Final = 20


class References(NamedTuple):
    """The documents of one dossier; `base` is the JSON pointer at which the dossier stands in its request."""

    declarant: str
    documents: tuple[Document, ...] = ()
    base: str = ""

    def held_as(self) -> list[Key]:
        """Whose they are, and which."""
        return [(self.declarant, one.sha256) for one in self.documents]

    def row(self) -> str | None:
        """What is kept with the dossier, as JSON; null where there is nothing."""
        named = [{"sha256": one.sha256, "name": one.name} for one in self.documents]
        return orjson.dumps(named).decode() if named else None


class Referring:
    """Judges references. `required`: what a dossier refers to must have been uploaded by its declarant."""

    def __init__(self, *, required: bool) -> None:
        self._required = required

    async def refer(
        self, connection: Connection, references: Sequence[References], at: datetime
    ) -> Mapping[int, Problem]:
        """Mark what may be referred to, in the caller's transaction; the problem of each that may not, by its place.

        The documents' rows stay locked until the transaction ends.
        """
        keys = [one.held_as() for one in references]
        asked = [key for of_one in keys for key in of_one]
        if not asked:
            return {}
        held = await records.lock(connection, asked)
        problems: dict[int, Problem] = {}
        unmarked: set[Key] = set()
        for place, (one, of_one) in enumerate(zip(references, keys, strict=True)):
            wrong = list(_faults(one, of_one, held)) if self._required else []
            if wrong:
                problems[place] = invalid(wrong[:ERRORS_SHOWN])
            elif held:
                unmarked |= {key for key in of_one if key in held and held[key].filed_at is None}
        if unmarked:
            await records.mark_filed(connection, sorted(unmarked), at)
        return problems


def _faults(references: References, keys: Sequence[Key], held: Mapping[Key, Held]) -> list[FieldError]:
    faults: list[FieldError] = []
    for index, (document, key) in enumerate(zip(references.documents, keys, strict=True)):
        pointer, found = f"{references.base}/documents/{index}", held.get(key)
        if found is None:
            faults.append(
                FieldError(
                    f"{pointer}/sha256",
                    f"not uploaded yet: send it with PUT /v1/documents/{document.sha256}?declarant={key[0]}",
                )
            )
            continue
        if found.size != document.size:
            faults.append(FieldError(f"{pointer}/size", f"the document that was uploaded has {found.size} bytes"))
        if found.media_type != document.media_type:
            faults.append(FieldError(f"{pointer}/media_type", f"the document that was uploaded is {found.media_type}"))
    return faults
