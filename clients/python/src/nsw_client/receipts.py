"""Whether a receipt is the window's own: its JWS is checked with the window's public keys, and says what it says.

Nothing is asked for: a receipt can be checked years later with keys that were kept.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, cast

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from nsw_client.errors import NotGenuine

ALGORITHMS: Final = ("ES256", "EdDSA", "PS256", "RS256")
_REGISTRY: Final = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)


def verify_receipt(receipt: Mapping[str, Any], jwks: Mapping[str, Any]) -> None:
    """Check a receipt, as the JSON it was given as, with a JSON Web Key Set (`GET /v1/keys`).

    Raises:
        NotGenuine: it has no signature, none of the keys made it, or it was made over something else.
    """
    signature = receipt.get("jws")
    if not isinstance(signature, str):
        raise NotGenuine("the receipt has no signature (`jws`)")
    try:
        keys = KeySet.import_key_set(cast("KeySetSerialization", jwks))
        signed = json.loads(jws.deserialize_compact(signature, keys, registry=_REGISTRY).payload)
    except (JoseError, ValueError) as error:
        raise NotGenuine(f"the receipt's signature does not hold: {error}") from error
    said = {name: value for name, value in receipt.items() if name != "jws"}
    if signed != said:
        raise NotGenuine("the receipt says something else than what was signed")
