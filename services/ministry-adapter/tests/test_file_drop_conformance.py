"""*file-drop* keeps every rule of the kit that applies, over a real SFTP server."""

from nsw_contracts.adapter.conformance import test_class
from nsw_ministry_adapter import rigs

TestConformance = test_class(rigs.file_drop)
