"""*vnsw-soap* keeps every rule of the kit, sealed and plain."""

from nsw_contracts.adapter.conformance import test_class
from nsw_ministry_adapter import rigs

TestSealed = test_class(rigs.vnsw_soap)
TestPlain = test_class(rigs.vnsw_soap_plain)
