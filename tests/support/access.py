"""Who may call which route: every route of every service, as it should be."""

from nsw_contracts.registration_facts import Role
from nsw_contracts.topics import Service
from nsw_runtime.identity import Access

_PAGES: dict[tuple[str, str], Access] = {("GET", path): "public" for path in ("/healthz", "/readyz", "/metrics")}
_DOSSIER, _DESK = "/v1/dossiers/{number}", "/v1/agencies/{agency}/desk/dossiers"
_DOCUMENT, _SUBSCRIPTION = f"{_DOSSIER}/documents/{{sha256}}", "/v1/subscriptions/{subscription}"

ROUTES: dict[Service, dict[tuple[str, str], Access]] = {
    "intake": {
        **_PAGES,
        ("POST", "/v1/dossiers"): "declarant",
        ("POST", "/v1/dossiers/bulk"): "declarant",
        ("GET", _DOSSIER): "declarant",
        ("POST", f"{_DOSSIER}/supplements"): "declarant",
        ("POST", f"{_DOSSIER}/amendments"): "declarant",
        ("POST", f"{_DOSSIER}/withdrawals"): "declarant",
        ("POST", f"{_DOSSIER}/payments"): "declarant",
        ("PUT", "/v1/documents/{sha256}"): "anyone",
        ("HEAD", "/v1/documents/{sha256}"): "anyone",
        ("DELETE", "/v1/documents/{sha256}"): "anyone",
        ("GET", _DOCUMENT): "anyone",
        ("POST", f"{_DOCUMENT}/links"): "anyone",
        ("GET", f"{_DOCUMENT}/content"): "public",  # by a link that is signed and ends
        ("POST", "/v1/signing-certificates"): "declarant",
        ("GET", "/v1/signing-certificates"): "declarant",
        ("DELETE", "/v1/signing-certificates/{sha256}"): "declarant",
        ("GET", "/v1/keys"): "public",
        ("GET", "/v1/openapi.json"): "public",
        ("POST", "/v1/vnsw"): "declarant",
        ("POST", "/v1/vnsw/soap"): "declarant",
        ("POST", "/v1/registrations"): "operator",
        ("GET", "/v1/registrations"): "operator",
        ("DELETE", "/v1/registrations"): "operator",
        ("GET", "/v1/procedures"): "public",
        ("GET", "/v1/procedures/{code}"): "public",
    },
    "routing": {**_PAGES, ("GET", "/v1/inspection-days/{day}"): "public"},
    "ministry-adapter": {
        **_PAGES,
        ("POST", "/v1/agencies/{agency}/messages"): "agency",
        ("GET", _DESK): "agency",
        ("GET", f"{_DESK}/{{number}}"): "agency",
        ("POST", f"{_DESK}/{{number}}/take"): "agency",
        ("POST", f"{_DESK}/{{number}}/release"): "agency",
        ("POST", f"{_DESK}/{{number}}/decisions"): "agency",
        ("POST", f"{_DESK}/{{number}}/decisions/{{decision}}/judgement"): "agency",
    },
    "notifier": {
        **_PAGES,
        ("POST", "/v1/subscriptions"): "declarant",
        ("GET", "/v1/subscriptions"): "declarant",
        ("GET", _SUBSCRIPTION): "declarant",
        ("PATCH", _SUBSCRIPTION): "declarant",
        ("DELETE", _SUBSCRIPTION): "declarant",
        ("POST", f"{_SUBSCRIPTION}/pause"): "declarant",
        ("POST", f"{_SUBSCRIPTION}/resume"): "declarant",
        ("POST", f"{_SUBSCRIPTION}/verify"): "declarant",
        ("POST", f"{_SUBSCRIPTION}/secret"): "declarant",
        ("POST", f"{_SUBSCRIPTION}/test"): "declarant",
        ("GET", f"{_SUBSCRIPTION}/deliveries"): "declarant",
        ("POST", f"{_SUBSCRIPTION}/deliveries/{{delivery:int}}/replay"): "declarant",
        ("POST", f"{_SUBSCRIPTION}/replay"): "declarant",
        ("GET", "/v1/confirmations/{token}"): "public",  # by the token of an e-mail, as the next three
        ("POST", "/v1/confirmations/{token}"): "public",
        ("GET", "/v1/unsubscribe/{token}"): "public",
        ("POST", "/v1/unsubscribe/{token}"): "public",
        ("POST", "/v1/bounces"): "operator",
        ("GET", "/v1/events"): "declarant",
    },
}

LET_THROUGH: dict[Access, frozenset[Role | None]] = {
    "anyone": frozenset({None, "declarant", "officer", "agency-system", "operator"}),
    "declarant": frozenset({"declarant"}),
    "agency": frozenset({"officer", "agency-system"}),
    "operator": frozenset({"operator"}),
}
"""The roles that each access lets through; None: a caller who is registered for nothing."""
