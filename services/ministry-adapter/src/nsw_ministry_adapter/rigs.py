"""The rigs of the shipped adapters: how the kit and rehearsals run each against its test agency."""

from nsw_contracts.adapter.conformance import ProcessRig
from nsw_procedures.example import example_content
from nsw_procedures.packs import packs

from nsw_ministry_adapter.file_drop.adapter import FileDropAdapter
from nsw_ministry_adapter.rest_json.adapter import RestJson
from nsw_ministry_adapter.vnsw_soap.adapter import VnswSoap

_REST_JSON = "nsw_ministry_adapter.simulators.rest_json"
_FILE_DROP = "nsw_ministry_adapter.simulators.file_drop"
_VNSW_SOAP = "nsw_ministry_adapter.simulators.vnsw_soap"
_QUARANTINE = "BNNPTNT0600009"


def rest_json(agency: str = "BYTE") -> ProcessRig:
    """*rest-json*, one by one, as it is for most."""
    return ProcessRig(RestJson, _REST_JSON, agency=agency, arguments=["--agency", agency])


def rest_json_in_batches() -> ProcessRig:
    """*rest-json* with batches, which has other promises about lost replies."""
    return ProcessRig(RestJson, _REST_JSON, agency="BYTE", arguments=["--batch", "500"])


def file_drop() -> ProcessRig:
    """*file-drop* over SFTP."""
    return ProcessRig(FileDropAdapter, _FILE_DROP, agency="BQP")


def vnsw_soap(*arguments: str) -> ProcessRig:
    """*vnsw-soap* with sealed payloads, about the procedure whose messages are known; it says what those can say."""
    pack = packs().versions(_QUARANTINE)[0]
    words = tuple(dict.fromkeys(one.means for one in pack.messages.incoming))
    dossier = example_content(pack, pack.examples[0])
    return ProcessRig(VnswSoap, _VNSW_SOAP, agency=pack.lead_agency, words=words, dossier=dossier, arguments=arguments)


def vnsw_soap_plain() -> ProcessRig:
    """*vnsw-soap* with payloads as they are, on the transport's word alone."""
    return vnsw_soap("--plain")
