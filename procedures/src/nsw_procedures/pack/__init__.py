"""A procedure pack: everything the window must know of one procedure, in one dated version.

A pack is data. What is written here is its shape and the rules it must keep by itself; `packs` reads files, `filing`
judges dossiers by it.
"""

from nsw_procedures.pack.asks import DocumentRule, SignatureRule
from nsw_procedures.pack.deadlines import Deadlines
from nsw_procedures.pack.example import Example
from nsw_procedures.pack.life import STAGES, Stage
from nsw_procedures.pack.messages import Incoming, Outcome, Outgoing
from nsw_procedures.pack.pack import MOST_SIGNATURES, Pack
from nsw_procedures.pack.part import Names

__all__ = [
    "MOST_SIGNATURES",
    "STAGES",
    "Deadlines",
    "DocumentRule",
    "Example",
    "Incoming",
    "Names",
    "Outcome",
    "Outgoing",
    "Pack",
    "SignatureRule",
    "Stage",
]
