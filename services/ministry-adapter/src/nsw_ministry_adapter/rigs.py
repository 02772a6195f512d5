"""The rigs of the shipped adapters: how the kit and rehearsals run each against its test agency."""

from nsw_contracts.adapter.conformance import ProcessRig

from nsw_ministry_adapter.rest_json.adapter import RestJson

_REST_JSON = "nsw_ministry_adapter.simulators.rest_json"


def rest_json() -> ProcessRig:
    """*rest-json*, one by one, as it is for most."""
    return ProcessRig(RestJson, _REST_JSON, agency="BYTE")


def rest_json_in_batches() -> ProcessRig:
    """*rest-json* with batches, which has other promises about lost replies."""
    return ProcessRig(RestJson, _REST_JSON, agency="BYTE", arguments=["--batch", "500"])
