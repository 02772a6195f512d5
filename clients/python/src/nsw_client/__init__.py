"""A client of the National Single Window for businesses: files dossiers and follows them. README.md has an example."""

from nsw_client.certificates import Certificate
from nsw_client.documents import Document
from nsw_client.dossier import CommandReceipt, Dossier, Entry, Receipt
from nsw_client.errors import (
    FieldProblem,
    Invalid,
    KeyUnusable,
    NotAllowed,
    NotFound,
    NotGenuine,
    NotPossible,
    Refused,
    StillWaiting,
    Unavailable,
    Unreachable,
    WindowError,
)
from nsw_client.receipts import verify_receipt
from nsw_client.signing import SigningKey
from nsw_client.tokens import ClientAssertion, ClientCredentials, StaticToken, Tokens
from nsw_client.transport import Patience
from nsw_client.window import Window

__all__ = [
    "Certificate",
    "ClientAssertion",
    "ClientCredentials",
    "CommandReceipt",
    "Document",
    "Dossier",
    "Entry",
    "FieldProblem",
    "Invalid",
    "KeyUnusable",
    "NotAllowed",
    "NotFound",
    "NotGenuine",
    "NotPossible",
    "Patience",
    "Receipt",
    "Refused",
    "SigningKey",
    "StaticToken",
    "StillWaiting",
    "Tokens",
    "Unavailable",
    "Unreachable",
    "Window",
    "WindowError",
    "verify_receipt",
]
