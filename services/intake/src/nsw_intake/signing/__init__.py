"""Signatures: the certificates businesses sign with, what they signed, and the receipts the window signs."""
