"""Procedures, agencies and code lists of the National Single Window as data."""
