"""Routing: holds the case of each dossier and its state machine."""
