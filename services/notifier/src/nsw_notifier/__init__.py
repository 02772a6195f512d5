"""Notifier: tells businesses what happened to their dossiers."""
