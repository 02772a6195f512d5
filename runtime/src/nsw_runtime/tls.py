"""TLS of a service's own door: its certificate and, where client CAs are set, clients' certificates (mutual TLS)."""

import ssl

from nsw_runtime.errors import BadSettings
from nsw_runtime.settings import ServiceSettings


def server_tls(settings: ServiceSettings) -> ssl.SSLContext | None:
    """The context with which connections are taken, TLS 1.2 or newer; None: plain HTTP.

    With client CAs every client is asked for a certificate; one that shows none is refused only where they are
    required, one that shows another's is refused always.

    Raises:
        BadSettings: the settings do not go together, or a file cannot be used.
    """
    certificate, key, client_cas = settings.tls_certificate, settings.tls_key, settings.tls_client_cas
    if certificate is None and key is None and client_cas is None:
        return None
    if certificate is None or key is None:
        raise BadSettings("TLS needs both NSW_TLS_CERTIFICATE and NSW_TLS_KEY. Set both, or none for plain HTTP")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
        if client_cas is not None:
            context.load_verify_locations(client_cas)
            required = settings.tls_client_certificates == "required"
            context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    except (OSError, ssl.SSLError) as error:
        raise BadSettings(
            f"TLS files cannot be used: {error}. Check NSW_TLS_CERTIFICATE, NSW_TLS_KEY and NSW_TLS_CLIENT_CAS: "
            "PEM files that this service may read, the key without a passphrase and the certificate's own"
        ) from error
    return context
