"""*rest-json* keeps every rule of the kit, one by one and in batches."""

from nsw_contracts.adapter.conformance import test_class
from nsw_ministry_adapter import rigs

TestOneByOne = test_class(rigs.rest_json)
TestInBatches = test_class(rigs.rest_json_in_batches)
