"""Door 9: which addresses webhooks may go to, whatever dress they come in."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import pytest
from nsw_notifier.addresses import Allowed, CheckedResolver, Forbidden, _wrapped

PUBLIC = ["8.8.8.8", "203.113.0.1", "2606:4700::1111", "2001:4860:4860::8888"]
DENIED = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9",
    "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",  # mapped
    "2002:7f00:1::", "2002:a00:1::1",  # 6to4 of 127.0.0.1 and 10.0.0.1
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",  # NAT64 of 127.0.0.1 and the metadata service
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    Allowed(()).check(address)
    with pytest.raises(Forbidden):
        Allowed((), public=False).check(address)


@pytest.mark.parametrize("address", DENIED)
def test_everything_else_is_denied(address: str) -> None:
    with pytest.raises(Forbidden):
        Allowed(()).check(address)


def test_configured_networks_are_allowed_and_nothing_beside_them() -> None:
    allowed = Allowed([ip_network("10.1.0.0/16"), ip_network("::1/128")])
    allowed.check("10.1.2.3")
    allowed.check("::1")
    for address in ("10.2.0.1", "127.0.0.1", "::ffff:10.1.2.3"):
        with pytest.raises(Forbidden):
            allowed.check(address)


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("::ffff:10.0.0.1", "10.0.0.1"), ("2002:7f00:1::", "127.0.0.1"), ("64:ff9b::7f00:1", "127.0.0.1"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.0.2.45"),
    ],
)  # fmt: skip
def test_an_address_inside_another_is_seen_whatever_this_python_calls_public(text: str, inside: str) -> None:
    assert ip_address(inside) in _wrapped(ip_address(text))


async def test_one_forbidden_address_refuses_the_name() -> None:
    def says(_host: str, _port: int) -> Sequence[tuple[int, str]]:
        return [(2, "8.8.8.8"), (2, "10.0.0.1")]

    resolver = CheckedResolver(Allowed(()), says)
    with pytest.raises(Forbidden):
        await resolver.resolve("mixed.example", 443)
    await resolver.close()
