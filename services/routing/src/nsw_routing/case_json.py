"""A case's agencies as the JSON they are stored as: defaults are left out, times are ISO 8601."""

import msgspec

from nsw_routing.case import AtAgency

_WRITER = msgspec.json.Encoder()
_READER = msgspec.json.Decoder(tuple[AtAgency, ...])


def to_json(agencies: tuple[AtAgency, ...]) -> str:
    """The agencies of a case."""
    return _WRITER.encode(agencies).decode()


def from_json(text: str) -> tuple[AtAgency, ...]:
    """What `to_json` wrote."""
    return _READER.decode(text)
