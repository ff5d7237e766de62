"""What the media engine is told at start."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server for the clients (RFC 7064, RFC 7065); the server itself asks none."""

    url: str
    username: str = ""
    credential: str = ""


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """`port` 0 takes a free UDP port. `host` is the address to bind; with `0.0.0.0` all of the machine's IPv4
    addresses are announced, loopback last, unless `public_addresses` names what to announce instead.
    """

    folder: Path
    port: int = 0
    host: str = "0.0.0.0"
    public_addresses: tuple[str, ...] = ()
    ice_servers: tuple[IceServer, ...] = field(default=())
