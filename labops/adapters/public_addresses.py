"""Which addresses lie on the public internet, so that nobody makes this server ask inside its own.

Python's `is_global` alone is not enough: it says yes to multicast, to 192.0.0.8, and to the IPv6
forms that only carry an IPv4 address, such as 64:ff9b::7f00:1, which is 127.0.0.1.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Judge = Callable[[Address], bool]

_NOT_FOR_US_4 = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments
    IPv4Network("192.88.99.0/24"),  # relays of 6to4, given up
    IPv4Network("168.63.129.16/32"),  # a cloud's own services behind a public number
)
_NOT_FOR_US_6 = (
    IPv6Network("2001::/23"),  # protocol assignments
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("3fff::/20"),  # documentation
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_LAST_FOUR_BYTES = 0xFFFFFFFF


def is_public(address: Address) -> bool:
    """Say whether the address, and whichever it carries inside, may be asked by this server."""
    if isinstance(address, IPv4Address):
        return _is_public_4(address)
    carried = _carried(address)
    if carried:
        return all(_is_public_4(inner) for inner in carried)
    return (
        address.scope_id is None
        and address in _GLOBAL_UNICAST
        and address.is_global
        and not any(address in network for network in _NOT_FOR_US_6)
    )


def _carried(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """Return the IPv4 addresses inside a mapped, NAT64, 6to4 or Teredo address."""
    if address in _NAT64:
        return (IPv4Address(int(address) & _LAST_FOUR_BYTES),)
    inner = address.ipv4_mapped or address.sixtofour
    return (inner,) if inner is not None else address.teredo or ()


def _is_public_4(address: IPv4Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _NOT_FOR_US_4)
    )
