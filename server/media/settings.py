"""What the media engine is told at start."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from server.config import Config


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

    @classmethod
    def of(cls, config: Config) -> Self:
        """As the configuration has it."""
        return cls(
            folder=config.data,
            port=config.media_port,
            host=config.media_host,
            public_addresses=config.public_address,
            ice_servers=ice_servers(config),
        )


def ice_servers(config: Config) -> tuple[IceServer, ...]:
    """The clients' STUN and TURN servers, one URL each."""
    found = []
    for server in config.ice_servers:
        urls = server.get("urls", [])
        for url in [urls] if isinstance(urls, str) else urls:
            found.append(IceServer(url, server.get("username", ""), server.get("credential", "")))
    return tuple(found)
