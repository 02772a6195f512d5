"""These tests break nothing, so the system is mended once a file and not before each test."""

import pytest
from support.live import Live


@pytest.fixture(scope="module")
async def live(system: Live) -> Live:
    """The system, whole and quiet."""
    await system.mend()
    return system
