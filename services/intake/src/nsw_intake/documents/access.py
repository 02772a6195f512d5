"""Who may read a dossier's documents: whoever acts for its declarant, and the agencies that take part in it."""

from nsw_procedures.packs import packs
from nsw_runtime.identity import Caller

from nsw_intake.documents.reading import Given


def may_read(caller: Caller, given: Given) -> bool:
    """Whether a caller may read the documents of this dossier."""
    if caller.acts_for(given.declarant):
        return True
    pack = packs().version(given.procedure, given.pack_version)
    return pack is not None and not caller.agencies.isdisjoint(pack.agencies)
