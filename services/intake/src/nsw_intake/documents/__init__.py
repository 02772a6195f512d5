"""Documents: files that belong to dossiers, taken in, kept encrypted, referred to by SHA-256 and given out again.

Kept as chunks in an object store (`chunks.py`), sealed each by itself (`sealing.py`); what stands in Postgres
(`records.py`) says which chunks make a document, so nothing half done is ever served.
"""
