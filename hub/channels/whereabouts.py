"""Where may a webhook go, and to which address exactly?

A name is resolved once, every address that it has is looked at, and the connection goes to one of those: whoever
answers the name otherwise a moment later changes nothing. An address that only our own network can reach is refused,
in whatever notation it came, because what stands there was never meant to be asked by a stranger's URL.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from hub.errors import Transient, Trouble

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_V4: Final = 0xFFFFFFFF  # the 32 bits of an IPv4 address
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are the IPv4 address that is meant
_UNICAST: Final = IPv6Network("2000::/3")
# All that was ever given out of IPv6. Beyond it lie local NAT64 (RFC 8215), site-local and translated addresses, which
# Python calls global.
_NOBODYS: Final = (
    IPv4Network("192.0.0.0/24"),  # of protocols, RFC 6890
    IPv4Network("192.88.99.0/24"),  # 6to4's relays, RFC 7526: gone
    IPv6Network("3fff::/20"),  # of documents, RFC 9637
    IPv6Network("2002::/16"),  # 6to4, RFC 7526: gone with its relays, whatever address is inside
)
# Some Pythons call these global too.


async def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of a host, as numbers. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


async def address_of(host: str, port: int, *, allow_private: bool, resolve: Resolve = resolve) -> str:
    """The address to connect to. Raises Transient: it certainly was not sent."""
    try:
        found = await resolve(host, port)
    except (OSError, UnicodeError) as exc:  # UnicodeError: a label that DNS cannot carry
        raise Transient(Trouble.UNREACHABLE, f"cannot resolve: {type(exc).__name__}") from exc
    if not found:
        raise Transient(Trouble.UNREACHABLE, "cannot resolve: no address")
    if not allow_private and not all(is_public(address) for address in found):
        raise Transient(Trouble.CREDENTIALS, "its address is private; right would be a public one, or allow_private")
    return found[0]


def is_public(text: str) -> bool:
    """Is this address the whole world's?"""
    try:
        address = _meant(ip_address(text.partition("%")[0]))
    except ValueError:
        return False
    if address.version == 6 and address not in _UNICAST:  # noqa: PLR2004  IP's number
        return False
    return address.is_global and not address.is_multicast and not any(address in each for each in _NOBODYS)


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one carries inside, however it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & _V4)
    inner = address.ipv4_mapped
    if inner is None and 0 < int(address) <= _V4:
        inner = IPv4Address(int(address))  # ::127.0.0.1, the deprecated "compatible" form
    return inner or address
