"""The *desk*: for agencies without a system of their own, an officer's queue over HTTP."""
