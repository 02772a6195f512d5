"""Door 9: which addresses webhooks may go to.

Every address a name resolves to is checked, and the connection is made to a checked one: the name is not resolved a
second time, so it cannot come to mean something else in between.

What is denied unless configured: private, loopback, link-local, shared, documentation, multicast and reserved ranges,
also where IPv6 wraps an IPv4 address (mapped, 6to4, NAT64, Teredo).
"""

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
LookUp: TypeAlias = Callable[[str, int], Sequence[tuple[int, str]]]
"""Gives (address family, address) of each address of a name at a port; raises OSError where there is none."""

RESOLVING_AT_ONCE: Final = 32  # names; a slow one takes a thread of its own
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class Forbidden(OSError):
    """The endpoint's name leads to an address that webhooks may not go to."""


def look_up(host: str, port: int) -> Sequence[tuple[int, str]]:
    """What the system's resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [(family, str(place[0])) for family, _, _, _, place in found]


class Allowed:
    """The rule: public addresses, and those of `networks`. `public=False`: those of `networks` alone."""

    def __init__(self, networks: Sequence[Network], *, public: bool = True) -> None:
        self._networks = tuple(networks)
        self._public = public

    def check(self, text: str) -> None:
        """This address is allowed.

        Raises:
            Forbidden: it is not.
        """
        address = ipaddress.ip_address(text)
        if any(address in network for network in self._networks if network.version == address.version):
            return
        if self._public and all(_is_public(one) for one in (address, *_wrapped(address))):
            return
        raise Forbidden("the address is not one that webhooks may go to")


def _is_public(address: Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _wrapped(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 one stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in found if one is not None]


class CheckedResolver(AbstractResolver):
    """Resolves names for aiohttp; one forbidden address among those of a name refuses the name."""

    def __init__(self, allowed: Allowed, look_up: LookUp = look_up) -> None:
        self._allowed = allowed
        self._look_up = look_up
        self._threads = ThreadPoolExecutor(RESOLVING_AT_ONCE, "resolve")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The checked addresses of a name.

        Raises:
            Forbidden: one of them is not allowed.
            OSError: there is none.
        """
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, self._look_up, host, port)
        for _, address in found:
            self._allowed.check(address.partition("%")[0])
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=each, proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for each, address in found if family in (socket.AF_UNSPEC, each)
        ]  # fmt: skip

    async def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def checked_socket(allowed: Allowed) -> Callable[[Any], socket.socket]:
    """A socket for just this address, or none: the last check before the connection, names and numbers alike."""

    def make(info: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
        family, kind, protocol, _, place = info
        allowed.check(str(place[0]).partition("%")[0])
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)  # noqa: FBT003  # its signature
        return made

    return make
