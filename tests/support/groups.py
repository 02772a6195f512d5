"""Consumer groups, as an operator's tools reach them: forget offsets, send a static member away.

A static member (`group.instance.id`) keeps its partitions until its session ends, 30 s after its process. aiokafka has
no request for removing one by name, nor for deleting a group, so both are written here by hand.
"""

import asyncio
import struct
from collections.abc import Sequence

LEAVE_GROUP, DELETE_GROUPS = (13, 3), (42, 1)
"""Kafka's API keys, with the version used."""


def _string(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()


async def _ask(bootstrap: str, api: tuple[int, int], body: bytes) -> bytes:
    """Send one request; the answer after its correlation id and throttle time."""
    host, port = bootstrap.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        request = struct.pack(">hhi", *api, 1) + _string("test") + body
        writer.write(struct.pack(">i", len(request)) + request)
        (size,) = struct.unpack(">i", await reader.readexactly(4))
        return (await reader.readexactly(size))[8:]
    finally:
        writer.close()
        await writer.wait_closed()


async def send_away(bootstrap: str, group: str, instance: str) -> int:
    """Remove a static member from its group; the group's error code, 0 where all is well."""
    members = struct.pack(">i", 1) + _string("") + _string(f"{group}-{instance}")
    answer = await _ask(bootstrap, LEAVE_GROUP, _string(group) + members)
    return int(struct.unpack(">h", answer[:2])[0])


async def delete_groups(bootstrap: str, groups: Sequence[str]) -> None:
    """Delete groups, offsets and all; fails where somebody is still in one of them."""
    answer = await _ask(bootstrap, DELETE_GROUPS, struct.pack(">i", len(groups)) + b"".join(map(_string, groups)))
    (count,) = struct.unpack(">i", answer[:4])
    assert count == len(groups)
    at = 4
    for _ in groups:
        (length,) = struct.unpack(">h", answer[at : at + 2])
        name = answer[at + 2 : at + 2 + length].decode()
        (code,) = struct.unpack(">h", answer[at + 2 + length : at + 4 + length])
        assert code == 0, f"{name} was not deleted: Kafka's error {code}"
        at += 4 + length
