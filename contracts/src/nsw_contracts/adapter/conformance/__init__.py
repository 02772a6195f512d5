"""The conformance kit: shows by running an adapter against a test agency how safe it is. Start at `rules.py`."""
