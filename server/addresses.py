"""This machine's own addresses, and what names stand for."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

import ifaddr
import structlog

from server.errors import StartError

log = structlog.get_logger(__name__)


def own_addresses() -> tuple[str, ...]:
    """This machine's IPv4 addresses, then its IPv6 ones (global and unique local), loopback last.

    IPv4 first: where a network's IPv6 is broken, nothing waits for it. Link-local ones are of no use to others.
    """
    found = [str(ip.ip[0] if isinstance(ip.ip, tuple) else ip.ip) for card in ifaddr.get_adapters() for ip in card.ips]
    usable = [one for one in map(ip_address, dict.fromkeys(found)) if not one.is_link_local]
    return tuple(map(str, sorted(usable, key=_rank)))


def _rank(address: IPv4Address | IPv6Address) -> tuple[bool, int]:
    return address.is_loopback, address.version


async def resolved(names: Iterable[str]) -> tuple[str, ...]:
    """IP addresses as they are, each host name as all its addresses now: few ICE agents look names up.

    Raises StartError for a name that has none.
    """
    found: dict[str, None] = {}
    for name in names:
        try:
            found[str(ip_address(name))] = None
        except ValueError:
            addresses = await _look_up(name)
            log.info("host name looked up, once", name=name, addresses=addresses)
            found.update(dict.fromkeys(addresses))
    return tuple(found)


async def _look_up(name: str) -> list[str]:
    try:
        answers = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a label that IDNA does not know
        raise StartError(f"public_address: {name} is no IP address, and no host of this name is found") from error
    return sorted({str(answer[4][0]) for answer in answers}, key=lambda one: _rank(ip_address(one)))
