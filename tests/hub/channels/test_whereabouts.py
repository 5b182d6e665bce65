"""P37: a webhook reaches no private address, in whatever notation, by whatever name, and is not led there later."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.whereabouts import address_of, is_public
from hub.errors import Transient, Trouble

PRIVATE = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "255.255.255.255", "224.0.0.1", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1",  # noqa: S104  addresses, not doors
    "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:c0a8:101::1", "2002:808:808::1",
    "2001:0:0:0:0:0:80ff:fffe", "2001:0:0:0:0:0:f7f7:f7f7", "64:ff9b:1::7f00:1", "::ffff:0:7f00:1",
    "fec0::1", "3fff::1", "5f00::1", "4000::1", "192.0.0.8", "192.0.0.170", "192.88.99.1",
    "240.0.0.1", "not an address", "",
]  # fmt: skip
PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_p37_no_private_address_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_p37_public_addresses_are(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_p37_an_address_that_the_registries_do_not_call_global_is_never_public(
    address: IPv4Address | IPv6Address,
) -> None:
    if is_public(str(address)):
        assert address.is_global
        assert not any((address.is_loopback, address.is_link_local, address.is_private, address.is_multicast))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "localhost", "::1", "0"]
)
async def test_p37_odd_notations_of_loopback_are_refused_before_anything_is_sent(host: str) -> None:
    with pytest.raises(Transient) as refused:
        await address_of(host, 443, allow_private=False)

    assert refused.value.trouble in (Trouble.CREDENTIALS, Trouble.UNREACHABLE)
    assert "127" not in str(refused.value)


async def test_p37_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    async def both(_host: str, _port: int) -> Sequence[str]:
        return ["93.184.216.34", "10.0.0.1"]

    with pytest.raises(Transient):
        await address_of("two.example", 443, allow_private=False, resolve=both)


async def test_our_own_network_is_reached_where_it_is_allowed() -> None:
    assert await address_of("127.0.0.1", 443, allow_private=True) == "127.0.0.1"


async def test_a_name_that_nobody_knows_was_certainly_not_sent_to() -> None:
    async def nobody(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such name")

    with pytest.raises(Transient) as refused:
        await address_of("nobody.example", 443, allow_private=False, resolve=nobody)

    assert refused.value.trouble is Trouble.UNREACHABLE
