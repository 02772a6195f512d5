"""The adapter *rest-json*: signed JSON over HTTPS, answers inline or by callback (docs/adapters/rest-json.md)."""
