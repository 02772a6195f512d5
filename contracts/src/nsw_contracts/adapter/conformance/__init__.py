"""The conformance kit: shows by running an adapter against a test agency how safe it is.

An adapter's author writes a rig (`rig.py`; for HTTP a `SimulatedAgency` in `simulator.py`) and one line of test:
`TestConformance = test_class(my_rig)`. `nsw adapter check` runs the same rules (`rules.py`, `cases/`).
"""

from nsw_contracts.adapter.conformance.check import Report, check
from nsw_contracts.adapter.conformance.rig import ProcessRig, Rig, rig_of
from nsw_contracts.adapter.conformance.suite import test_class

__all__ = ["ProcessRig", "Report", "Rig", "check", "rig_of", "test_class"]
