"""The nsw command."""
