"""The kit's cases, by what they are about. Importing a module registers its rules, in the report's order."""

from nsw_contracts.adapter.conformance.cases import delivering, failing, hearing, malice, running, whole

__all__ = ["delivering", "failing", "hearing", "malice", "running", "whole"]
