"""Intake: takes dossiers in, journals them, and gives a receipt."""
