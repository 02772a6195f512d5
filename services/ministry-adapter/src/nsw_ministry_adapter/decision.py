"""A decision as our own JSON protocols carry it: the agency's fact by its short name, without what its message knows.

Whatever a decision claims about the dossier, the agency or the delivery, the message around it decides.
"""

from collections.abc import Mapping
from typing import Any, Final

from nsw_contracts.adapter import say
from nsw_contracts.events import AgencyFact

_KNOWN: Final = frozenset({"kind", "number", "agency", "message_id", "pack_version"})


def decided(decision: Mapping[str, Any], *, number: str, agency: str, message_id: str) -> AgencyFact:
    """The fact it means.

    Raises:
        NoSuchWord: it is of no known kind.
        ValidationError: it lacks something, or something in it is wrong.
    """
    fields = {name: value for name, value in decision.items() if name not in _KNOWN}
    return say(str(decision.get("kind")), number=number, agency=agency, message_id=message_id, **fields)
