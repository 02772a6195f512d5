"""How the kit runs the adapter against its test agency."""

from nsw_contracts.adapter.conformance import ProcessRig

from .adapter import Adapter


def rig() -> ProcessRig:
    """The adapter with the test agency in `agency.py`."""
    return ProcessRig(Adapter, f"{__package__}.agency", agency="BYTE")
